import type { Range } from './quietest-place.ts';
import { ENERGY_WINDOW, runningEnergy } from './running-energy.ts';
import type { Sound } from './sound.ts';

/** A detector is this far off at most: its frames are 32 ms long, and it lets go of speech late. 200 ms. */
const REACH = 3200;
/** Of a longer pause only this much beside the edge says how quiet it is. 700 ms. */
const LISTEN = 11_200;
const STEP = 80;
/** Speech is this many times as strong as the middle level of the pause. */
const ABOVE = 4;
/** And at least this strong, effective value 8 of 32768: dither is no speech. */
const LEAST = ENERGY_WINDOW * 8 * 8;

/**
 * Moves the edges of a pause from the detector's frame grid to where the sound itself falls to the level of the pause and leaves it
 * again. So its length does not depend on where the film begins. An edge without such a place near it stays where it was.
 */
export function pauseEdges(sound: Sound, pause: Range): Range {
  const edges = { from: speechEnd(sound, pause), to: speechStart(sound, pause) };
  return edges.from < edges.to ? edges : pause;
}

function speechEnd(sound: Sound, { from, to }: Range): number {
  const start = Math.max(0, from - REACH);
  const energies = runningEnergy(sound.read(start, Math.min(to, from + LISTEN)));
  const level = speechLevel(energies.subarray(from - start));
  const last = Math.min(energies.length - 1, from - start + REACH);
  if (level === undefined || (energies[last] ?? 0) > level) return from;
  for (let at = last; at >= 0; at--) if ((energies[at] ?? 0) > level) return start + at + ENERGY_WINDOW;
  return from;
}

function speechStart(sound: Sound, { from, to }: Range): number {
  const start = Math.max(from, to - LISTEN);
  const energies = runningEnergy(sound.read(start, Math.min(sound.samples, to + REACH)));
  const level = speechLevel(energies.subarray(0, Math.max(0, to - start - ENERGY_WINDOW)));
  const first = Math.max(0, to - start - REACH - ENERGY_WINDOW);
  if (level === undefined || (energies[first] ?? 0) > level) return to;
  for (let at = first; at < energies.length; at++) if ((energies[at] ?? 0) > level) return start + at;
  return to;
}

/** Energy above which a window is speech, from the median of the pause; undefined when there is nothing to hear. */
function speechLevel(energies: Float64Array): number | undefined {
  const heard = energies.filter((_, index) => index % STEP === 0).sort();
  const median = heard[Math.floor(heard.length / 2)];
  return median === undefined ? undefined : Math.max(LEAST, ABOVE * median);
}
