import { readFile } from 'node:fs/promises';
import { setImmediate } from 'node:timers/promises';
import { type Energy, gatingStep, measureEnergies } from '../../shared/media/loudness.ts';
import type { WithBuffers } from './block-buffers.ts';
import type { Interval } from './duck.ts';
import { bytesOf, readBytes, splitStereoInto } from './pcm-slice.ts';
import { SAMPLE_RATE } from './plan-blocks.ts';

/** Read at once; between two reads other work runs. */
const CHUNK_FRAMES = 60 * SAMPLE_RATE;
/** Frames heard before each chunk so that the filters have settled. */
const SETTLE_FRAMES = SAMPLE_RATE / 10;

const STEP_FRAMES = gatingStep(SAMPLE_RATE);

/**
 * K-weighted sums of squares of a 48 kHz stereo file, one for every whole 100 ms; one chunk in memory at a time. A film shorter than that
 * has none.
 */
export async function measureFile(path: string, bytes: number, withBuffers: WithBuffers): Promise<Float64Array> {
  const frames = Math.floor(bytes / 4);
  const sums: number[] = [];
  for (let from = 0; from < frames; from += CHUNK_FRAMES) {
    const first = Math.max(0, from - SETTLE_FRAMES);
    const to = Math.min(frames, from + CHUNK_FRAMES);
    const count = to - first;
    await withBuffers(async ({ left, right, pcm }) => {
      const samples = pcm.subarray(0, 2 * count);
      await readBytes(path, first * 4, bytesOf(samples));
      const channels = [left.subarray(0, count), right.subarray(0, count)] as const;
      splitStereoInto(channels, samples, 0);
      await setImmediate();
      const range = { sampleRateHz: SAMPLE_RATE, from: from - first, to: count };
      for (const energy of measureEnergies(channels, range)) if (energy.frames === STEP_FRAMES) sums.push(energy.sum);
      await setImmediate();
    });
  }
  return Float64Array.from(sums);
}

/** What measureFile found, read back. */
export async function readEnergies(path: string): Promise<Energy[]> {
  const bytes = await readFile(path);
  return Array.from({ length: bytes.length >> 3 }, (_, index) => ({
    sum: bytes.readDoubleLE(index * 8),
    frames: STEP_FRAMES,
  }));
}

/** Those of consecutive 100 ms that lie wholly inside an interval. */
export function energiesWithin(energies: readonly Energy[], intervals: readonly Interval[]): Energy[] {
  return intervals.flatMap(({ from, to }) =>
    energies.slice(Math.ceil(Math.max(0, from) / STEP_FRAMES), Math.max(0, Math.floor(to / STEP_FRAMES))),
  );
}
