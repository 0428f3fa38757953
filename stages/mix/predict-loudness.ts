import { type Energy, gatingStep, integratedLoudness } from '../../shared/media/loudness.ts';
import type { Interval } from './duck.ts';
import { SAMPLE_RATE } from './plan-blocks.ts';

interface LevelledClip {
  readonly startMs: number;
  readonly meanSquares: readonly number[];
  readonly gainDb: number;
}

const STEP_FRAMES = gatingStep(SAMPLE_RATE);
const STEP_MS = 100;
const toPower = (decibels: number): number => 10 ** (decibels / 10);

/**
 * Integrated loudness of a mix before it is made: the energies of the lowered original and of the voices add up, since the two have nothing
 * to do with each other. Ramps and the limiter are left out; within 0.2 LU of the finished mix where the limiter has little to do.
 */
export function predictLoudness(mix: {
  readonly original: readonly Energy[];
  readonly programmeDb: number;
  readonly duckDb: number;
  readonly ducks: readonly Interval[];
  readonly clips: readonly LevelledClip[];
}): number | null {
  const sums = Float64Array.from(mix.original, ({ sum }) => sum * toPower(mix.programmeDb));
  for (const { from, to } of mix.ducks) {
    const end = Math.min(sums.length, Math.round(to / STEP_FRAMES));
    for (let step = Math.round(from / STEP_FRAMES); step < end; step += 1)
      sums[step] = (sums[step] as number) * toPower(mix.duckDb);
  }
  for (const { startMs, meanSquares, gainDb } of mix.clips) {
    const first = Math.floor(startMs / STEP_MS);
    const late = startMs / STEP_MS - first;
    // Twice: a voice plays on both channels.
    const power = 2 * toPower(gainDb) * STEP_FRAMES;
    for (const [index, meanSquare] of meanSquares.entries()) {
      const step = first + index;
      if (step < sums.length) sums[step] = (sums[step] as number) + meanSquare * power * (1 - late);
      if (step + 1 < sums.length) sums[step + 1] = (sums[step + 1] as number) + meanSquare * power * late;
    }
  }
  return integratedLoudness(Array.from(sums, (sum) => ({ sum, frames: STEP_FRAMES })));
}
