import { expect, test } from 'vitest';
import { textWidth } from '../util/text-width.ts';
import { cutCues } from './cut-cues.ts';
import { splitUnits } from './split-units.ts';
import { PROFILE, translated } from './test-helpers.ts';

const units = (text: string, language: string): string[] => splitUnits(text, language).map((unit) => unit.text);

test('an ideograph, a full-width letter and an emoji take two columns, a combined letter takes one', () => {
  expect(textWidth('日本')).toBe(4);
  expect(textWidth('Ａ。')).toBe(4);
  expect(textWidth('👩‍👩‍👧')).toBe(2);
  expect(textWidth('e\u0301')).toBe(1);
  expect(textWidth('\u200fשלום')).toBe(4);
  expect(textWidth('नमस्ते')).toBeLessThan('नमस्ते'.length);
});

test('Japanese is parted between words, and signs never begin a line', () => {
  const parts = units('吾輩は「猫」である。名前はまだ無い。', 'ja');
  expect(parts.join('')).toBe('吾輩は「猫」である。名前はまだ無い。');
  expect(parts.length).toBeGreaterThan(4);
  for (const part of parts) expect(part).not.toMatch(/^[。」]|「$/);
});

test('Thai is parted between words although it has no spaces', () => {
  expect(units('ฉันรักแมว', 'th')).toEqual(['ฉัน', 'รัก', 'แมว']);
});

test('Korean, Hindi and Arabic are parted at their spaces only, and a no-break space never parts', () => {
  expect(units('안녕하세요 여러분', 'ko')).toEqual(['안녕하세요', '여러분']);
  expect(units('नमस्ते दुनिया', 'hi')).toEqual(['नमस्ते', 'दुनिया']);
  expect(units('مرحبا بالعالم', 'ar')).toEqual(['مرحبا', 'بالعالم']);
  expect(units('10\u00a0% more', 'en')).toEqual(['10\u00a0%', 'more']);
});

test('Chinese lines stay within the width of the screen, counted in columns', () => {
  const text = '这是最好的时代，这是最坏的时代，这是智慧的年代，这是愚蠢的年代，这是信仰的时期，这是怀疑的时期。';
  const cues = cutCues([translated(text, 0, 12_000, 'zh-Hans')], PROFILE);
  const lines = cues.flatMap((cue) => cue.lines);
  expect(lines.join('')).toBe(text);
  for (const line of lines) expect(textWidth(line)).toBeLessThanOrEqual(42);
});
