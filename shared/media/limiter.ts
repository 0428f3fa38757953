import { TRUE_PEAK_SUPPORT, truePeak } from './true-peak.ts';

/** Gains are computed for groups of this many frames (1 ms at 48 kHz) and run linearly between them. */
const GROUP = 48;
/** Groups of look-ahead and of look-back of the minimum, and of the smoothing after it. */
const REACH = 6;
const BREATH_GROUPS = 5000;

/** An output frame depends on no frame further away than this, which is what lets blocks of a mix be limited one by one. */
export const LIMITER_SUPPORT = GROUP * (2 * REACH + 3) + TRUE_PEAK_SUPPORT;

/** Hann weights over 2 × REACH + 1 groups; they add up to 1. */
const WEIGHTS: readonly number[] = Array.from(
  { length: 2 * REACH + 1 },
  (_, index) => Math.sin((Math.PI * (index + 1)) / (2 * REACH + 2)) ** 2 / (REACH + 1),
);

/** The smallest gain within REACH groups of each group, one group more so that lines between groups stay below it too. */
function lowestAround(gains: Float64Array): Float64Array {
  return gains.map((_, index) => {
    let lowest = 1;
    for (let at = index - REACH - 1; at <= index + REACH + 1; at += 1) lowest = Math.min(lowest, gains[at] ?? 1);
    return lowest;
  });
}

const nearest = (gains: Float64Array, index: number): number =>
  gains[Math.max(0, Math.min(gains.length - 1, index))] as number;

/** A weighted mean of minima that all cover the group, so never above the gain the group needs. */
function smooth(gains: Float64Array): Float64Array {
  return gains.map((_, index) =>
    WEIGHTS.reduce((sum, weight, offset) => sum + weight * nearest(gains, index + offset - REACH), 0),
  );
}

/**
 * Look-ahead peak limiter in place: true peaks stay at or below `ceiling` (linear), all channels get the same gain, quiet passages are not
 * touched. It has no memory, only a finite reach. Groups start at frame 0 of `channels`: blocks that are to agree start a multiple of 48
 * frames apart.
 * @param breathe called after every 5 s of sound, so that other work gets its turn
 * @returns frames that were turned down
 */
export async function limitPeaks(
  channels: readonly Float32Array[],
  ceiling: number,
  breathe: () => Promise<unknown>,
): Promise<number> {
  const length = channels[0]?.length ?? 0;
  const needed = new Float64Array(Math.ceil(length / GROUP));
  let hot = 0;
  for (let group = 0; group < needed.length; group += 1) {
    const range = { from: group * GROUP, to: Math.min(length, (group + 1) * GROUP), limit: ceiling };
    let peak = 0;
    for (const samples of channels) peak = Math.max(peak, truePeak(samples, range));
    needed[group] = peak > ceiling ? ceiling / peak : 1;
    if (peak > ceiling) hot += 1;
    if (group % BREATH_GROUPS === BREATH_GROUPS - 1) await breathe();
  }
  if (hot === 0) return 0;

  const gains = smooth(lowestAround(needed));
  let turnedDown = 0;
  for (let group = 0; group < gains.length; group += 1) {
    const here = gains[group] as number;
    const next = nearest(gains, group + 1);
    if (here === 1 && next === 1) continue;
    const end = Math.min(length, (group + 1) * GROUP);
    for (let at = group * GROUP; at < end; at += 1) {
      const gain = here + ((next - here) * (at - group * GROUP)) / GROUP;
      for (const samples of channels) samples[at] = (samples[at] as number) * gain;
    }
    turnedDown += end - group * GROUP;
  }
  return turnedDown;
}
