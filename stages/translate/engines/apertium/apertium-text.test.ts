import { describe, expect, test } from 'vitest';
import { fromStream, toStream } from './apertium-text.ts';
import { parseMode } from './mode-pipeline.ts';

describe('text for the translation programs', () => {
  test('has every character of the stream format escaped and ends with a blank and a line end', () => {
    expect(toStream('a [b] {c} ^d$ 1/2 \\ me@x.com.').stream).toBe(
      'a \\[b\\] \\{c\\} \\^d\\$ 1\\/2 \\\\ me\\@x.com.[][\n]',
    );
  });

  test('is one line without markup and without marks in front of words', () => {
    expect(toStream('<i>Hello</i>\r\n *sigh* #tag\u0000!').stream).toBe('Hello sigh tag ![][\n]');
  });

  test('gets a full stop for the time of the translation only', () => {
    const { stream, added } = toStream('hello there');
    expect(stream).toBe('hello there.[][\n]');
    expect(fromStream('hola allí.[][\n]', added).text).toBe('hola allí');
    expect(toStream('Who?').added).toBe(false);
  });

  test('comes back without marks, and the marked words are listed once', () => {
    expect(fromStream('El *Zorblax y el *Zorblax, #ver @lemma; me\\@x.com \\[a\\].[][\n]', false)).toEqual({
      text: 'El Zorblax y el Zorblax, ver lemma; me@x.com [a].',
      unknownWords: ['Zorblax', 'ver', 'lemma'],
    });
  });
});

describe('a mode file', () => {
  test('becomes programs with arguments, each told to answer at every NUL', () => {
    expect(parseMode("lt-proc '/a b/x.bin' | apertium-tagger -g $2 '/c.prob'|lt-proc $1 '/d.bin'\n")).toEqual([
      ['lt-proc', '-z', '/a b/x.bin'],
      ['apertium-tagger', '-z', '-g', '/c.prob'],
      ['lt-proc', '-z', '-g', '/d.bin'],
    ]);
  });

  test('with anything that a shell would act on is refused', () => {
    expect(() => parseMode('lt-proc /a; rm -rf /b')).toThrow('unexpected');
    expect(() => parseMode('lt-proc `x`')).toThrow('unexpected');
    expect(() => parseMode('lt-proc | | lt-proc')).toThrow('empty');
  });
});
