import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Cue } from '../contract/cue.ts';
import { Utterance } from '../contract/utterance.ts';
import { writeAss } from './ass.ts';
import { cleanText } from './clean-text.ts';
import { writeSubtitleJson } from './json.ts';
import { parseSrt, writeSrt } from './srt.ts';
import { spoken, translated } from './test-helpers.ts';
import { formatCentiseconds, formatMilliseconds, parseTimeCode } from './time-code.ts';
import { writeTxt } from './txt.ts';
import { parseVtt, writeVtt } from './vtt.ts';

const cue = (startMs: number, endMs: number, ...lines: string[]): Cue => ({ startMs, endMs, lines, utteranceIds: [] });

const SCRIPTS = [
  cue(0, 1000, 'مرحبا، كيف حالك؟', 'أنا بخير.'),
  cue(1100, 2000, 'שלום עולם!'),
  cue(2100, 3000, 'नमस्ते दुनिया।'),
  cue(3100, 4000, '你好，世界。', 'こんにちは'),
  cue(4100, 5000, 'Família 👩‍👩‍👧 e café'),
  cue(5100, 3_605_999, 'a --> b & <i>c</i> {\\an8} \\N', '1984'),
];

test('SRT and WebVTT give back every script, and text that looks like markup, as it was', () => {
  expect(parseSrt(writeSrt(SCRIPTS))).toEqual(SCRIPTS);
  expect(parseVtt(writeVtt(SCRIPTS))).toEqual(SCRIPTS);
});

test('any clean text survives SRT and WebVTT', () => {
  const line = fc
    .string({ unit: 'binary', maxLength: 30 })
    .map(cleanText)
    .filter((text) => text.trim() !== '' && !text.includes('\u2060'));
  fc.assert(
    fc.property(fc.array(line, { minLength: 1, maxLength: 3 }), (lines) => {
      const cues = [cue(10, 2000, ...lines)];
      expect(parseSrt(writeSrt(cues))).toEqual(cues);
      expect(parseVtt(writeVtt(cues))).toEqual(cues);
    }),
    { numRuns: 200 },
  );
});

test('SRT numbers its cues from 1 and ends lines with a line feed', () => {
  expect(writeSrt([cue(0, 1500, 'One', 'two'), cue(61_000, 62_000, 'Three')])).toBe(
    '1\n00:00:00,000 --> 00:00:01,500\nOne\ntwo\n\n2\n00:01:01,000 --> 00:01:02,000\nThree\n',
  );
});

test('markup in a text cannot act: what WebVTT does not escape, and SRT cannot, is broken by an invisible joiner', () => {
  const cues = [cue(0, 1000, '<b>a & b</b> {\\an8} c\\N 1 < 2')];
  expect(writeVtt(cues)).toBe(
    'WEBVTT\n\n00:00:00.000 --> 00:00:01.000\n&lt;b&gt;a &amp; b&lt;/b&gt; {\u2060\\an8} c\\\u2060N 1 &lt; 2\n',
  );
  expect(writeSrt(cues)).toContain('<\u2060b>a & b<\u2060/b> {\u2060\\an8} c\\\u2060N 1 < 2\n');
});

test('files of others are read: carriage returns, a byte-order mark, hours left out, settings, notes and blank lines', () => {
  const [first] = parseSrt('\ufeff1\r\n00:00:01,000 --> 00:00:02,000\r\nHello\r\nyou\r\n\r\n\r\nnonsense\r\n');
  expect(first).toEqual(cue(1000, 2000, 'Hello', 'you'));
  const text = 'WEBVTT - title\n\nNOTE a\n\nid\n00:01.500 --> 00:02.000 align:start\n<v Ann>Hi &amp; bye\n';
  expect(parseVtt(text)).toEqual([cue(1500, 2000, 'Hi & bye')]);
});

test('control characters and empty lines never reach a file', () => {
  const dirty = [cue(0, 1000, 'a\u0000b\u001b[31m', '', 'c\nd'), cue(1100, 2000, '\u0007')];
  for (const text of [writeSrt(dirty), writeVtt(dirty), writeAss(dirty)]) {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f]/);
    expect(text).toContain('ab[31m');
    expect(text).toContain('c d');
  }
  expect(parseSrt(writeSrt(dirty))).toHaveLength(1);
});

test('ASS shows braces and backslashes as text and breaks lines only where the cue does', () => {
  expect(writeAss([cue(0, 1000, '{\\b1}', 'a\\Nb')])).toContain(',,0,0,0,,\\{\\\u2060b1\\}\\Na\\\u2060Nb\n');
});

test('ASS finds the direction of right-to-left text by itself', () => {
  expect(writeAss([cue(0, 1000, 'שלום.')])).toMatch(/^Style: Default,.*,-1$/m);
  expect(writeAss([cue(0, 1000, 'Hello.')])).toMatch(/^Style: Default,.*,1$/m);
});

test('rounding to hundredths of a second leaves no ASS cue empty, backwards or overlapping', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(40), { maxLength: 20 }), (steps) => {
      let time = 0;
      const cues = steps.map((step) => {
        const startMs = time;
        time += step;
        return cue(startMs, time, 'x');
      });
      let previous = 0;
      for (const [, from = '', to = ''] of writeAss(cues).matchAll(/^Dialogue: 0,([^,]+),([^,]+),/gm)) {
        const [start = -1, end = -1] = [parseTimeCode(from), parseTimeCode(to)];
        expect(start).toBeGreaterThanOrEqual(previous);
        expect(end).toBeGreaterThan(start);
        previous = end;
      }
    }),
    { numRuns: 60 },
  );
  expect(writeAss([cue(1004, 1996, 'x')])).toContain('Dialogue: 0,0:00:01.00,0:00:02.00,');
});

test('time codes go past an hour and never below zero', () => {
  expect(formatMilliseconds(3_723_004, ',')).toBe('01:02:03,004');
  expect(formatMilliseconds(360_000_000, '.')).toBe('100:00:00.000');
  expect(formatMilliseconds(-5, '.')).toBe('00:00:00.000');
  expect(formatCentiseconds(372_304)).toBe('1:02:03.04');
  expect(parseTimeCode('1:02:03,4')).toBe(3_723_400);
  expect(parseTimeCode('soon')).toBeUndefined();
});

test('without cues every format is a valid empty file', () => {
  expect(writeSrt([])).toBe('');
  expect(writeVtt([])).toBe('WEBVTT\n');
  expect(writeAss([])).toMatch(/\[Events\]\nFormat: .*\n$/);
  expect(writeTxt([])).toBe('');
});

test('the text file has one utterance a line, with its speaker where one is known', () => {
  expect(
    writeTxt([translated('One\ntwo.', 0, 1), { ...translated('Three.', 2, 3), speaker: 'Ann' }, translated(' ', 4, 5)]),
  ).toBe('One two.\nAnn: Three.\n');
});

test('the JSON file is canonical and keeps the words with their times', () => {
  const utterances = [spoken('Hello there.', 500)];
  const document = { schema: 'subtitle/1', language: 'en', profile: 'test', cues: [], utterances } as const;
  const text = writeSubtitleJson(document);
  const { profile, schema, utterances: read, ...rest } = JSON.parse(text);
  expect(text.startsWith('{"cues":[],"language":"en","profile":"test","schema":"subtitle/1"')).toBe(true);
  expect({ profile, schema, rest }).toEqual({
    profile: 'test',
    schema: 'subtitle/1',
    rest: { cues: [], language: 'en' },
  });
  expect(read.map((one: unknown) => Utterance.parse(one))).toEqual(utterances);
});
