import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { SpeechRegion } from '../../shared/contract/utterance.ts';
import { createRegionFinder, type RegionRules } from './speech-regions.ts';

const RULES: RegionRules = { threshold: 0.5, offThreshold: 0.35, minSilenceMs: 300, minSpeechMs: 250, padMs: 150 };
const frames = (...runs: readonly (readonly [number, number])[]): number[] =>
  runs.flatMap(([count, probability]) => new Array<number>(count).fill(probability));

/** 10 ms frames make the times readable. */
function find(probabilities: readonly number[], rules: RegionRules = RULES, frameMs = 10): SpeechRegion[] {
  const finder = createRegionFinder(frameMs, rules);
  const found = probabilities.flatMap((probability) => [...finder.push(probability)]);
  return [...found, ...finder.finish(probabilities.length * frameMs)];
}

describe('speech regions', () => {
  test('a stretch of speech is one region with its padding', () => {
    expect(find(frames([100, 0], [50, 0.9], [100, 0]))).toEqual([{ startMs: 850, endMs: 1650 }]);
  });

  test('between the two thresholds speech goes on but does not begin', () => {
    expect(find(frames([100, 0.4], [50, 0.9], [60, 0.4], [100, 0]))).toEqual([{ startMs: 850, endMs: 2250 }]);
  });

  test('a pause shorter than the shortest silence is part of the speech', () => {
    expect(find(frames([50, 0], [50, 0.9], [29, 0], [50, 0.9], [50, 0]))).toHaveLength(1);
    expect(find(frames([50, 0], [50, 0.9], [30, 0], [50, 0.9], [50, 0]))).toHaveLength(2);
  });

  test('a click is no speech', () => {
    expect(find(frames([50, 0], [24, 0.9], [50, 0]))).toEqual([]);
    expect(find(frames([50, 0], [25, 0.9], [50, 0]))).toHaveLength(1);
  });

  test('padding takes at most half of the pause to the neighbour', () => {
    const rules = { ...RULES, minSilenceMs: 100 };
    expect(find(frames([50, 0], [50, 0.9], [20, 0], [50, 0.9], [50, 0]), rules)).toEqual([
      { startMs: 350, endMs: 1100 },
      { startMs: 1100, endMs: 1850 },
    ]);
  });

  test('speech at both edges of the stream is not padded beyond them', () => {
    expect(find(frames([40, 0.9]))).toEqual([{ startMs: 0, endMs: 400 }]);
  });

  test('a region is told as soon as nothing can change it, not at the end of the film', () => {
    const finder = createRegionFinder(10, RULES);
    const at = frames([50, 0], [50, 0.9], [1000, 0]).findIndex((probability) => finder.push(probability).length > 0);
    expect(at).toBe(129);
  });

  test('regions are in order, apart, inside the film and long enough, whatever the probabilities are', () => {
    const runs = fc.array(fc.tuple(fc.integer({ min: 1, max: 60 }), fc.double({ min: 0, max: 1, noNaN: true })));
    fc.assert(
      fc.property(
        runs,
        fc.integer({ min: 0, max: 400 }),
        fc.integer({ min: 0, max: 400 }),
        (spans, padMs, minSilenceMs) => {
          const probabilities = frames(...spans);
          const found = find(probabilities, { ...RULES, padMs, minSilenceMs });
          let before = 0;
          for (const { startMs, endMs } of found) {
            expect(startMs).toBeGreaterThanOrEqual(before);
            expect(endMs - startMs).toBeGreaterThanOrEqual(RULES.minSpeechMs);
            expect(endMs).toBeLessThanOrEqual(probabilities.length * 10);
            before = endMs;
          }
          // Long certain speech is never lost.
          let at = 0;
          for (const [count, probability] of spans) {
            const from = at * 10;
            at += count;
            if (probability >= RULES.threshold && count * 10 >= RULES.minSpeechMs)
              expect(found.some((region) => region.startMs <= from && region.endMs >= at * 10)).toBe(true);
          }
        },
      ),
    );
  });
});
