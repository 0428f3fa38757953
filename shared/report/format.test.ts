import { expect, test } from 'vitest';
import { textWidth } from '../util/text-width.ts';
import { escapeText } from './escape-text.ts';
import { fitText } from './fit-text.ts';
import { formatBytes, formatBytesShort } from './format-bytes.ts';
import { formatClock, formatDuration } from './format-duration.ts';
import { formatPlan } from './format-plan.ts';
import { renderTable } from './render-table.ts';

test('bytes are said in decimal and binary units', () => {
  expect(formatBytes(82_270_000_000)).toBe('82.27 GB / 76.62 GiB');
  expect(formatBytes(999)).toBe('999 B / 999 B');
  expect(formatBytesShort(1_800_000_000)).toBe('1.8 GB');
  expect(formatBytesShort(0)).toBe('0 B');
});

test('durations are as exact as a person needs', () => {
  expect([0.04, 9.94, 9.96, 59.4, 59.6, 83, 3599.6, 7500].map(formatDuration)).toEqual([
    '0.0 s',
    '9.9 s',
    '10 s',
    '59 s',
    '1 m 00 s',
    '1 m 23 s',
    '1 h 00 m',
    '2 h 05 m',
  ]);
  expect([44_400, 3_723_000].map(formatClock)).toEqual(['0:44', '1:02:03']);
});

test('a control character is shown, never sent', () => {
  expect(escapeText('a\u001b[31m\tb\u009bc\u2066')).toBe('a\\x1b[31m\\tb\\x9bc\\u2066');
});

test('a text is shortened to columns, not to characters, and never inside a character', () => {
  expect(fitText('日本語の字幕', 7)).toBe('日本語…');
  expect(fitText('नमस्ते दुनिया', 4).endsWith('…')).toBe(true);
  expect(textWidth(fitText('👩‍👩‍👧👩‍👩‍👧👩‍👩‍👧', 4))).toBeLessThanOrEqual(4);
  expect(fitText('short', 5)).toBe('short');
});

test('a table lines up by what is seen and keeps to the screen', () => {
  expect(
    renderTable([
      ['日本', 'x', '1'],
      ['a', '', 'two'],
    ]),
  ).toEqual(['日本  x  1', 'a        two']);
  const rows = [['stage', 'a very long reason that does not fit']];
  expect(renderTable(rows, { columns: 20, indent: '  ' })).toEqual(['  stage  a very lon…']);
  expect(renderTable([])).toEqual([]);
});

test('a plan shows each stage with its reason, then what would run and what is saved', () => {
  const text = formatPlan([
    { stage: 'extract', state: 'hit', why: { kind: 'hit' }, seconds: 4 },
    {
      stage: 'asr',
      state: 'run',
      why: { kind: 'changed', changes: ['params.beam: 5 -> 1'] },
      engine: 'asr/one',
      seconds: 60,
    },
    { stage: 'align', state: 'pending', why: { kind: 'pending', on: ['asr'] }, seconds: null },
  ]);
  expect(text).toBe(
    [
      '✓  extract  hit      4.0 s              done already',
      '>  asr      run      1 m 00 s  asr/one  changed: params.beam: 5 -> 1',
      '>  align    pending                     waits for asr',
      '2 of 3 stages would run (about 1 m 00 s); 1 are done (about 4.0 s).',
    ].join('\n'),
  );
});

test('a plan of a finished job says that there is nothing to do', () => {
  expect(formatPlan([{ stage: 'a', state: 'hit', why: { kind: 'hit' } }])).toContain(
    'Nothing to do: all 1 stages are done.',
  );
});
