import { setImmediate } from 'node:timers/promises';
import { type Energy, gatingStep, measureEnergies } from '../../shared/media/loudness.ts';
import { readSamples, splitStereo } from './pcm-slice.ts';
import { SAMPLE_RATE } from './plan-blocks.ts';

/** Read at once; between two reads other work runs. */
const CHUNK_FRAMES = 60 * SAMPLE_RATE;
/** Frames heard before each chunk so that the filters have settled. */
const SETTLE_FRAMES = SAMPLE_RATE / 10;

/** K-weighted energies of a 48 kHz stereo file, every 100 ms; one chunk in memory at a time. */
export async function measureFile(path: string, bytes: number): Promise<Energy[]> {
  const frames = Math.floor(bytes / 4);
  const energies: Energy[] = [];
  for (let from = 0; from < frames; from += CHUNK_FRAMES) {
    const first = Math.max(0, from - SETTLE_FRAMES);
    const to = Math.min(frames, from + CHUNK_FRAMES);
    const samples = await readSamples(path, first * 4, (to - first) * 4);
    const channels = splitStereo(samples, to - first, 0);
    await setImmediate();
    const range = { sampleRateHz: SAMPLE_RATE, from: from - first, to: to - first };
    energies.push(...measureEnergies(channels, range).filter((energy) => energy.frames === gatingStep(SAMPLE_RATE)));
    await setImmediate();
  }
  return energies;
}
