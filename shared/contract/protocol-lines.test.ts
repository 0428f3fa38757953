import fc from 'fast-check';
import { expect, test } from 'vitest';
import { splitProtocolLines } from './protocol-lines.ts';

function linesOf(chunks: readonly Uint8Array[], maxBytes: number): readonly string[] {
  const lines: string[] = [];
  const splitter = splitProtocolLines(maxBytes, (line, tooLong) =>
    lines.push(tooLong ? `! ${line.slice(0, 3)}` : line),
  );
  for (const chunk of chunks) splitter.push(chunk);
  return lines;
}

test('lines do not depend on how the stream was cut, not even inside a character', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'binary' })), fc.integer({ min: 1, max: 7 }), (texts, size) => {
      const lines = texts.map((text) => text.replaceAll('\n', ' '));
      const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''));
      const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, n) =>
        bytes.subarray(n * size, (n + 1) * size),
      );
      expect(linesOf(chunks, 1000)).toEqual(lines);
    }),
  );
});

test('a line that is too long is reported once, and the next one is read', () => {
  for (const chunks of [['x'.repeat(20), 'x'.repeat(20), 'x\nok\n'], [`${'x'.repeat(41)}\nok\n`]])
    expect(
      linesOf(
        chunks.map((text) => Buffer.from(text)),
        10,
      ),
    ).toEqual(['! xxx', 'ok']);
});

test('a line of exactly the longest length is a line', () => {
  expect(linesOf([Buffer.from('1234567890\n12345678901\n')], 10)).toEqual(['1234567890', '! 123']);
});
