import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { placeWords } from './place-words.ts';
import { spreadWords } from './spread-words.ts';

describe('words without times', () => {
  test('are spread over the speech in proportion to their characters, silences left out', () => {
    const regions = [
      { startMs: 1000, endMs: 1600 },
      { startMs: 3000, endMs: 3600 },
    ];
    const words = spreadWords(['five', 'eight', 'nine', 'tens'], { startMs: 0, endMs: 5000 }, regions);
    expect(words.map((word) => [word.startMs, word.endMs])).toEqual([
      [1000, 1285],
      [1285, 3028],
      [3028, 3314],
      [3314, 3600],
    ]);
    expect(words.every((word) => word.estimated)).toBe(true);
  });

  test('fill the chunk when no speech was found in it', () => {
    expect(spreadWords(['a', 'b'], { startMs: 100, endMs: 300 }, [])).toMatchObject([
      { startMs: 100, endMs: 200 },
      { startMs: 200, endMs: 300 },
    ]);
  });

  test('are ordered, half-open and inside the chunk, and none is lost', () => {
    const span = fc
      .tuple(fc.integer({ min: 0, max: 5000 }), fc.integer({ min: 1, max: 3000 }))
      .map(([startMs, lengthMs]) => ({ startMs, endMs: startMs + lengthMs }));
    fc.assert(
      fc.property(
        fc.array(fc.string({ minLength: 1, maxLength: 12 }), { minLength: 1 }),
        span,
        fc.array(span),
        (texts, chunk, regions) => {
          const words = spreadWords(texts, chunk, regions);
          expect(words.map((word) => word.text)).toEqual(texts);
          let reachedMs = chunk.startMs;
          for (const word of words) {
            expect(word.startMs).toBeGreaterThanOrEqual(reachedMs);
            expect(word.endMs).toBeGreaterThanOrEqual(word.startMs);
            reachedMs = word.endMs;
          }
          expect(reachedMs).toBeLessThanOrEqual(chunk.endMs);
        },
      ),
      { numRuns: 200 },
    );
  });
});

describe('words with times of an aligner', () => {
  const chunk = { startMs: 1000, endMs: 3000 };
  const time = (startMs: number, endMs: number) => ({ startMs, endMs, score: 0.7 });

  test('are placed in film time; one without a time shares that of its neighbour', () => {
    expect(placeWords(['—', 'so', '—', 'far'], [null, time(100, 400), null, time(500, 900)], chunk)).toEqual([
      { text: '—', startMs: 1100, endMs: 1175, estimated: true },
      { text: 'so', startMs: 1175, endMs: 1325, estimated: false },
      { text: '—', startMs: 1325, endMs: 1400, estimated: true },
      { text: 'far', startMs: 1500, endMs: 1900, estimated: false },
    ]);
  });

  test('may end some milliseconds behind the chunk: the aligner counts in frames', () => {
    expect(placeWords(['so'], [time(1500, 2004)], chunk)).toMatchObject([{ startMs: 2500, endMs: 3000 }]);
  });

  test.each([
    ['no word has a time', [null, null]],
    ['their number differs', [time(0, 100)]],
    ['they overlap', [time(0, 200), time(100, 300)]],
    ['they go backwards', [time(500, 600), time(100, 300)]],
    ['a word has no length', [time(0, 200), time(300, 300)]],
    ['a word lies outside the chunk', [time(0, 200), time(2100, 2300)]],
  ])('are refused when %s', (_why, times) => {
    expect(placeWords(['so', 'far'], times, chunk)).toBeUndefined();
  });
});
