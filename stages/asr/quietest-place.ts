import { ENERGY_WINDOW, runningEnergy } from './running-energy.ts';
import type { Sound } from './sound.ts';

/** How far equally quiet sound is followed beyond the searched range, 2 s. */
const REACH = 32_000;
/** How deep into equally quiet sound a place near one of its ends lies at most, 350 ms. */
const DEPTH = 5600;

export interface Range {
  readonly from: number;
  readonly to: number;
}

/**
 * Where in equally quiet sound the place is taken: `middle`, or near the end that touches the speech before (`after-speech`) or after it
 * (`before-speech`), so that a minute of digital silence gives the same place whatever lies beyond it.
 */
export type Leaning = 'middle' | 'after-speech' | 'before-speech';

/**
 * The sample of `[from, to]` around which 10 ms have the least energy. It depends on the sound, not on the edges of the range: where
 * several places are equally quiet, as in digital silence, their longest run counts as a whole, also where it leaves the range.
 */
export function quietestPlace(sound: Sound, range: Range, leaning: Leaning): number {
  const start = Math.max(0, range.from - REACH);
  const pcm = sound.read(start, Math.min(sound.samples, range.to + REACH));
  const energies = runningEnergy(pcm);
  const half = ENERGY_WINDOW / 2;
  const first = Math.min(Math.max(0, range.from - start - half), energies.length - 1);
  const last = Math.min(Math.max(first, range.to - start - half), energies.length - 1);
  if (energies.length === 0) return Math.round((range.from + range.to) / 2);

  let least = Number.POSITIVE_INFINITY;
  for (let at = first; at <= last; at++) least = Math.min(least, energies[at] ?? least);
  const run = longestRun(energies, least, { from: first, to: last });
  const length = run.to - run.from;
  const deep = Math.min(DEPTH, Math.floor(length / 2));
  const at =
    leaning === 'middle'
      ? run.from + Math.floor(length / 2)
      : leaning === 'after-speech'
        ? run.from + deep
        : run.to - deep;
  return Math.min(range.to, Math.max(range.from, start + at + half));
}

/** The longest run of `value` that touches the range, in full; the earliest of equally long ones. Both ends belong to it. */
function longestRun(energies: Float64Array, value: number, range: Range): Range {
  let best: Range = { from: range.from, to: range.from - 1 };
  for (let at = range.from; at <= range.to; at++) {
    if (energies[at] !== value) continue;
    let from = at;
    let to = at;
    while (from > 0 && energies[from - 1] === value) from--;
    while (to + 1 < energies.length && energies[to + 1] === value) to++;
    if (to - from > best.to - best.from) best = { from, to };
    at = to;
  }
  return best;
}
