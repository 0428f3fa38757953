import { describe, expect, test } from 'vitest';
import { checkAlignment, type PlacedChunk, worstStretch } from './check-alignment.ts';
import { align } from './stage.ts';

const rules = align.params.parse({ language: 'en' });

/** Six words of 300 ms each without a pause, in one speech region that is 100 ms wider on the left and 200 ms on the right. */
const good: PlacedChunk = {
  startMs: 10_000,
  endMs: 13_000,
  regions: [{ startMs: 10_400, endMs: 12_500 }],
  words: ['we', 'were', 'all', 'going', 'to', 'heaven.'].map((text, index) => ({
    text,
    startMs: 10_500 + index * 300,
    endMs: 10_800 + index * 300,
    estimated: false,
  })),
  scores: [0.7, 0.6, 0.65, 0.7, 0.6, 0.75],
};

const move = (index: number, change: { readonly startMs?: number; readonly endMs?: number }): PlacedChunk => ({
  ...good,
  words: good.words.map((word, at) => (at === index ? { ...word, ...change } : word)),
});

describe('an alignment is plausible', () => {
  test('when words fill the speech at a usual rate and fit the sound', () => {
    expect(checkAlignment(good, rules)).toBeUndefined();
  });

  test('when one short word fits badly: that happens to right ones', () => {
    const short = move(2, { endMs: 11_200 });
    expect(checkAlignment({ ...short, scores: [0.7, 0.7, 0.4, 0.7, 0.6, 0.75] }, rules)).toBeUndefined();
  });

  test('when a number takes as long as its words', () => {
    const words = good.words.map((word, at) =>
      at === 5 ? { ...word, text: '1995.', endMs: word.startMs + 1200 } : word,
    );
    expect(
      checkAlignment({ ...good, endMs: 14_000, regions: [{ startMs: 10_400, endMs: 13_400 }], words }, rules),
    ).toBeUndefined();
  });
});

describe('an alignment is not plausible', () => {
  test('when speech begins long before the first word', () => {
    expect(checkAlignment({ ...good, regions: [{ startMs: 10_100, endMs: 12_500 }] }, rules)).toBe(
      '400 ms of speech have no word',
    );
  });

  test('when speech goes on long after the last word', () => {
    expect(checkAlignment({ ...good, regions: [{ startMs: 10_400, endMs: 13_000 }] }, rules)).toBe(
      '700 ms of speech have no word',
    );
  });

  test('when speech has a hole without a word', () => {
    const words = good.words.filter((_word, index) => index !== 2 && index !== 3);
    expect(checkAlignment({ ...good, words, scores: [0.7, 0.7, 0.7, 0.7] }, rules)).toBe(
      '600 ms of speech have no word',
    );
  });

  test('when a whole speech region has no word', () => {
    const regions = [...good.regions, { startMs: 12_600, endMs: 13_600 }];
    expect(checkAlignment({ ...good, endMs: 14_000, regions }, rules)).toBe('1000 ms of speech have no word');
  });

  test('when a short word is stretched', () => {
    expect(checkAlignment(move(4, { startMs: 11_700, endMs: 12_380 }), rules)).toBe('"to" would last 680 ms');
  });

  test('when a word lies in silence', () => {
    expect(checkAlignment(move(5, { startMs: 12_600, endMs: 13_000 }), rules)).toBe('"heaven." would lie in silence');
  });

  test('when nobody speaks that fast or that slowly', () => {
    const words = Array.from({ length: 20 }, (_, index) => ({
      text: 'a',
      startMs: 10_500 + index * 95,
      endMs: 10_595 + index * 95,
      estimated: false,
    }));
    expect(checkAlignment({ ...good, words, scores: words.map(() => 0.7) }, rules)).toBe('20 words in 2.1 s of speech');
    const one = good.words.slice(0, 1);
    const long = { ...good, regions: [{ startMs: 10_400, endMs: 14_500 }], words: one, scores: [0.7] };
    expect(checkAlignment(long, rules)).toBe('1 words in 4.1 s of speech');
  });

  test('when a stretch of words would fit other sounds better, by itself or against the rest', () => {
    expect(checkAlignment({ ...good, scores: [0.6, 0.6, 0.4, 0.4, 0.6, 0.6] }, rules)).toContain('score of 0.40');
    expect(checkAlignment({ ...good, scores: [0.75, 0.75, 0.52, 0.52, 0.75, 0.75] }, rules)).toContain('score of 0.52');
  });

  test('when the aligner heard something in a pause, unless the pause lies between two speech regions', () => {
    const parted = { ...move(3, { startMs: 11_600 }), scores: [0.7, 0.6, 0.65, 0, 0.6, 0.75] };
    expect(checkAlignment(parted, rules)).toBe('speech in front of "going" has no word');
    const regions = [
      { startMs: 10_400, endMs: 11_420 },
      { startMs: 11_580, endMs: 12_500 },
    ];
    expect(checkAlignment({ ...parted, regions }, rules)).toBeUndefined();
  });

  test('when many words have no time', () => {
    expect(checkAlignment({ ...good, scores: [0.7, null, null, 0.7, 0.6, 0.75] }, rules)).toBe(
      'the aligner has no time for 2 of 6 words',
    );
  });
});

test('a stretch is as long as the window where there are enough words, and words without a score are passed over', () => {
  expect(worstStretch(good.words, [0.8, 0.2, 0.8, 0.8, 0.8, 0.8], 300)).toBeCloseTo(0.2);
  expect(worstStretch(good.words, [0.8, 0.2, 0.8, 0.8, 0.8, 0.8], 600)).toBeCloseTo(0.5);
  expect(worstStretch(good.words, [0.8, null, 0.8, 0.8, 0.8, 0.8], 600)).toBeCloseTo(0.8);
  expect(worstStretch(good.words.slice(0, 1), [0.3], 600)).toBeCloseTo(0.3);
  expect(worstStretch([], [], 600)).toBe(1);
});
