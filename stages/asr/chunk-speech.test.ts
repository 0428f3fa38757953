import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { SpeechRegion } from '../../shared/contract/utterance.ts';
import { rattle } from '../../tests/helpers/rattle.ts';
import { type ChunkRules, createChunker, type SpeechChunk } from './chunk-speech.ts';
import { soundOf } from './sound.ts';

const RULES: ChunkRules = {
  hardPauseMs: 700,
  softPauseMs: 300,
  maxChunkMs: 20_000,
  minCutMs: 12_000,
  padMs: 150,
  clipStartMs: null,
  clipEndMs: null,
};

/** Alternating pauses and speech, in ms, beginning with a pause. */
type Plan = readonly number[];

const isSpeech = (index: number): boolean => index % 2 === 1;
const soundOfPlan = (plan: Plan, hiss = 40) =>
  soundOf(rattle(...plan.map((ms, index) => [ms * 16, isSpeech(index) ? 7000 : hiss] as const)));

/** Speech of the plan, in ms. */
function speechOf(plan: Plan): SpeechRegion[] {
  let at = 0;
  return plan.flatMap((ms, index) => {
    const startMs = at;
    at += ms;
    return isSpeech(index) ? [{ startMs, endMs: at }] : [];
  });
}

/** What a detector tells whose frames begin `phaseMs` after the film. */
function regionsOf(plan: Plan, phaseMs = 0): SpeechRegion[] {
  const totalMs = plan.reduce((sum, ms) => sum + ms, 0);
  const grid = (ms: number): number => Math.ceil((ms - phaseMs) / 32) * 32 + phaseMs;
  return speechOf(plan).map(({ startMs, endMs }) => ({
    startMs: Math.max(0, grid(startMs) - RULES.padMs),
    endMs: Math.min(totalMs, grid(endMs) + RULES.padMs),
  }));
}

function chunk(plan: Plan, rules: ChunkRules = RULES, regions = regionsOf(plan), hiss = 40): SpeechChunk[] {
  const chunker = createChunker(soundOfPlan(plan, hiss), rules);
  return [...regions.flatMap((region) => [...chunker.push(region)]), ...chunker.finish()];
}
const inMs = (chunks: readonly SpeechChunk[]) => chunks.map(({ start, end }) => [start / 16, end / 16]);

describe('chunks of speech', () => {
  test('shorter pauses stay inside a chunk, a pause of 700 ms is cut', () => {
    expect(chunk([500, 2000, 600, 2000, 500])).toHaveLength(1);
    const [first, second] = chunk([500, 2000, 760, 2000, 500]);
    expect(second?.start).toBe(first?.end);
    expect(first?.end).toBeGreaterThan(2500 * 16);
    expect(first?.end).toBeLessThan(3260 * 16);
  });

  test('of a long pause each neighbour takes at most 700 ms', () => {
    const [first, second] = chunk([500, 2000, 60_000, 2000, 500]);
    expect(first?.end).toBeLessThanOrEqual(3250 * 16);
    expect(second?.start).toBeGreaterThanOrEqual(61_750 * 16);
  });

  test('in digital silence the cuts are 350 ms from the speech', () => {
    const silent = inMs(chunk([5000, 2000, 60_000, 2000, 5000], RULES, undefined, 0));
    for (const [index, ms] of [4650, 7350, 66_650, 69_350].entries())
      expect(silent.flat()[index]).toBeCloseTo(ms, -1.5);
  });

  test('a stretch of more than 20 s is cut at its widest pause', () => {
    const plan = [500, 8000, 400, 8000, 600, 8000, 500];
    const cuts = inMs(chunk(plan));
    expect(cuts).toHaveLength(2);
    expect(cuts[0]?.[1]).toBeGreaterThan(16_900);
    expect(cuts[0]?.[1]).toBeLessThan(17_500);
  });

  test('speech without a pause is cut at its quietest place between 12 and 20 s', () => {
    const pcm = rattle([15_000 * 16, 7000], [320, 500], [15_000 * 16, 7000]);
    const chunker = createChunker(soundOf(pcm), RULES);
    chunker.push({ startMs: 0, endMs: 30_020 });
    const [first, second] = chunker.finish();
    expect((first?.end ?? 0) / 16).toBeCloseTo(15_010, -1);
    expect(second).toMatchObject({ start: first?.end, end: pcm.length });
    const cutMs = Math.round((first?.end ?? 0) / 16);
    expect(first?.regions).toEqual([{ startMs: 0, endMs: cutMs }]);
    expect(second?.regions).toEqual([{ startMs: cutMs, endMs: 30_020 }]);
  });

  test('the clip is never left, and speech that it cuts is taken from its edge on', () => {
    const plan = [500, 4000, 1000, 4000, 500];
    const rules = { ...RULES, clipStartMs: 1000, clipEndMs: 9600 };
    const regions = regionsOf(plan).map((region) => ({ ...region, startMs: Math.max(1000, region.startMs) }));
    const chunks = chunk(
      plan,
      rules,
      regions.map((region) => ({ ...region, endMs: Math.min(9600, region.endMs) })),
    );
    expect(chunks.at(0)?.start).toBe(16_000);
    expect(chunks.at(-1)?.end).toBeLessThanOrEqual(9600 * 16);
  });

  test('a chunk is told as soon as the speech after its pause is known', () => {
    const plan = [500, 2000, 1000, 2000, 1000, 2000, 500];
    const chunker = createChunker(soundOfPlan(plan), RULES);
    expect(regionsOf(plan).map((region) => chunker.push(region).length)).toEqual([0, 1, 1]);
  });

  const pause = fc.integer({ min: 400, max: 3000 });
  const plans = fc
    .array(fc.tuple(pause, fc.integer({ min: 300, max: 14_000 })), { minLength: 1, maxLength: 5 })
    .map((pairs) => [...pairs.flat(), 900]);

  test('chunks are in order, apart, short enough, inside the film, and hold all speech', () => {
    fc.assert(
      fc.property(plans, fc.integer({ min: 0, max: 31 }), (plan, phase) => {
        const chunks = chunk(plan, RULES, regionsOf(plan, phase));
        let before = 0;
        for (const { start, end } of chunks) {
          expect(start).toBeGreaterThanOrEqual(before);
          expect(end).toBeGreaterThan(start);
          expect(end - start).toBeLessThanOrEqual(RULES.maxChunkMs * 16);
          before = end;
        }
        expect(before).toBeLessThanOrEqual(plan.reduce((sum, ms) => sum + ms, 0) * 16);
        for (const { startMs, endMs } of speechOf(plan)) {
          const parts = chunks.map(({ start, end }) => Math.min(end, endMs * 16) - Math.max(start, startMs * 16));
          expect(parts.filter((part) => part > 0).reduce((sum, part) => sum + part, 0)).toBe((endMs - startMs) * 16);
        }
        const told = chunks.flatMap(({ regions }) => regions);
        expect(told.length).toBeGreaterThanOrEqual(speechOf(plan).length);
      }),
      { numRuns: 25 },
    );
  });

  test('whether a pause is long enough is measured in the sound, not on the grid of the detector', () => {
    const chunksAt = (pauseMs: number, phase: number): number => {
      const plan = [500, 1000, pauseMs, 1000, 500];
      return chunk(plan, RULES, regionsOf(plan, phase)).length;
    };
    for (const pauseMs of [680, 690, 710, 720])
      expect(new Set([0, 5, 11, 18, 24, 31].map((phase) => chunksAt(pauseMs, phase))).size).toBe(1);
    expect([680, 740].map((pauseMs) => chunksAt(pauseMs, 0))).toEqual([1, 2]);
  });

  test('the grid of the detector moves no cut', () => {
    fc.assert(
      fc.property(plans, fc.integer({ min: 1, max: 31 }), fc.constantFrom(0, 40), (plan, phase, hiss) => {
        const cutsOf = (at: number) =>
          inMs(chunk(plan, RULES, regionsOf(plan, at), hiss))
            .flat()
            .slice(1, -1);
        expect(cutsOf(phase)).toEqual(cutsOf(0));
      }),
      { numRuns: 25 },
    );
  });
});
