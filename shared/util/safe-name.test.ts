import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { safeName, slug } from './safe-name.ts';

/** Any UTF-16 text, halves of surrogate pairs included, rich in what is dangerous. */
const hostile = fc
  .array(
    fc.oneof(
      fc.string({ unit: 'binary', maxLength: 8 }),
      fc.nat(0xffff).map((unit) => String.fromCharCode(unit)),
      fc.constantFrom(
        '/',
        '\\',
        '..',
        '.',
        '-',
        ' ',
        '\n',
        '\0',
        '\u202e',
        '\u200d',
        '\u0301',
        'e',
        '%03d',
        'nul',
        '😀',
        'हि',
        '"',
        "'",
      ),
    ),
    { maxLength: 120 },
  )
  .map((parts) => parts.join(''));

describe('a safe name', () => {
  it('is never empty, fits, and holds nothing that a file system or a screen takes for a command', () => {
    fc.assert(
      fc.property(hostile, (given) => {
        const name = safeName(given);
        expect(name).not.toBe('');
        expect(Buffer.byteLength(name)).toBeLessThanOrEqual(200);
        expect(name).not.toMatch(/[/\\:*?"<>|%\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
        expect(name).not.toMatch(/^[.\-\s]|[.\s]$/);
      }),
      { numRuns: 500 },
    );
  });

  it('is in composed form and stays as it is when it is made safe again', () => {
    fc.assert(
      fc.property(hostile, (given) => {
        const name = safeName(given);
        expect(name.normalize('NFC')).toBe(name);
        expect(safeName(name)).toBe(name);
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    ['movie', 'movie'],
    ['हिन्दी फ़िल्म 😀', 'हिन्दी फ़िल्म 😀'.normalize('NFC')],
    ['e\u0301te\u0301', 'été'],
    ['../../etc/passwd', '_.._etc_passwd'],
    ['e\u200d\u0301', 'é'],
    ['-rf', 'rf'],
    ['new\nline', 'newline'],
    ['a\u202egpj', 'agpj'],
    ['%03d', '_03d'],
    ['...', 'film'],
    ['', 'film'],
    ['trail. . ', 'trail'],
    ['ñ'.repeat(150), 'ñ'.repeat(100)],
  ])('%j becomes %j', (given, name) => expect(safeName(given)).toBe(name));

  it('is cut between characters, never inside one', () => {
    expect(safeName(`x${'😀'.repeat(60)}`)).toBe(`x${'😀'.repeat(49)}`);
  });
});

describe('a slug', () => {
  it('is at most 32 lower-case letters, digits and dashes, and never empty', () => {
    fc.assert(
      fc.property(hostile, (given) => {
        expect(slug(given)).toMatch(/^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$/);
      }),
    );
  });

  it.each([
    ['Été à Paris (2024).final', 'e-te-a-paris-2024-final'],
    ['हिन्दी', 'film'],
    ['--x--', 'x'],
    [`${'a'.repeat(31)}/b`, 'a'.repeat(31)],
  ])('%j becomes %j', (given, text) => expect(slug(given)).toBe(text));
});
