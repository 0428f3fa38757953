/** K-weighted sum of squares over all channels, and the frames it was taken over. */
export interface Energy {
  readonly sum: number;
  readonly frames: number;
}

interface Shelf {
  readonly b0: number;
  readonly b1: number;
  readonly b2: number;
  readonly a1: number;
  readonly a2: number;
}

/** Coefficients of the two filters of K-weighting; the numerator of the high-pass is 1, -2, 1. */
export interface KWeighting {
  readonly shelf: Shelf;
  readonly highPass: { readonly a1: number; readonly a2: number };
}

/**
 * K-weighting for any sample rate: the analogue filters behind the 48 kHz table of ITU-R BS.1770-4, annex 1, by bilinear transform. At
 * 48 kHz the result is that table.
 */
export function kWeighting(sampleRateHz: number): KWeighting {
  const shelf = { hz: 1681.974450955533, gainDb: 3.999843853973347, q: 0.7071752369554196 };
  const k = Math.tan((Math.PI * shelf.hz) / sampleRateHz);
  const high = 10 ** (shelf.gainDb / 20);
  const band = high ** 0.4996667741545416;
  const a0 = 1 + k / shelf.q + k * k;
  const pass = { hz: 38.13547087602444, q: 0.5003270373238773 };
  const p = Math.tan((Math.PI * pass.hz) / sampleRateHz);
  const p0 = 1 + p / pass.q + p * p;
  return {
    shelf: {
      b0: (high + (band * k) / shelf.q + k * k) / a0,
      b1: (2 * (k * k - high)) / a0,
      b2: (high - (band * k) / shelf.q + k * k) / a0,
      a1: (2 * (k * k - 1)) / a0,
      a2: (1 - k / shelf.q + k * k) / a0,
    },
    highPass: { a1: (2 * (p * p - 1)) / p0, a2: (1 - p / pass.q + p * p) / p0 },
  };
}

/** Frames of one step of the 400 ms gating window, which overlap by 75 %. */
export const gatingStep = (sampleRateHz: number): number => Math.round(sampleRateHz / 10);

/**
 * K-weighted energy of every 100 ms of `channels` from frame `from` to `to`; the last one may be shorter. Frames before `from` only let the
 * filters settle. All channels weigh 1: mono and stereo only. 60 s of 48 kHz stereo take 28 ms.
 */
export function measureEnergies(
  channels: readonly Float32Array[],
  range: { readonly sampleRateHz: number; readonly from: number; readonly to: number },
): Energy[] {
  const step = gatingStep(range.sampleRateHz);
  const energies = Array.from({ length: Math.ceil(Math.max(0, range.to - range.from) / step) }, (_, index) => ({
    sum: 0,
    frames: Math.min(step, range.to - range.from - index * step),
  }));
  const weighting = kWeighting(range.sampleRateHz);
  for (const samples of channels) {
    const state = new Float64Array(4);
    sumOfSquares(samples, { from: 0, to: range.from }, weighting, state);
    let at = range.from;
    for (const energy of energies) {
      energy.sum += sumOfSquares(samples, { from: at, to: at + energy.frames }, weighting, state);
      at += energy.frames;
    }
  }
  return energies;
}

/** Filters a stretch and adds up its squares; `state` is carried to the next one. Local variables only: closures made this ten times slower. */
function sumOfSquares(
  samples: Float32Array,
  range: { readonly from: number; readonly to: number },
  { shelf: { b0, b1, b2, a1, a2 }, highPass: { a1: c1, a2: c2 } }: KWeighting,
  state: Float64Array,
): number {
  let s1 = state[0] as number;
  let s2 = state[1] as number;
  let h1 = state[2] as number;
  let h2 = state[3] as number;
  let sum = 0;
  for (let at = range.from; at < range.to; at += 1) {
    const x = samples[at] as number;
    const y = b0 * x + s1;
    s1 = b1 * x - a1 * y + s2;
    s2 = b2 * x - a2 * y;
    const z = y + h1;
    h1 = -2 * y - c1 * z + h2;
    h2 = y - c2 * z;
    sum += z * z;
  }
  state.set([s1, s2, h1, h2]);
  return sum;
}

const OFFSET = -0.691;
const toLufs = (meanSquare: number): number => OFFSET + 10 * Math.log10(meanSquare);
const meanOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Mean squares of 400 ms windows at every 100 ms; one window over everything when there is less than that. */
function gatingWindows(energies: readonly Energy[]): number[] {
  const windows: number[] = [];
  const width = Math.min(4, energies.length);
  for (let first = 0; first + width <= energies.length && width > 0; first += 1) {
    let sum = 0;
    let frames = 0;
    for (const energy of energies.slice(first, first + width)) {
      sum += energy.sum;
      frames += energy.frames;
    }
    if (frames > 0) windows.push(sum / frames);
  }
  return windows;
}

/**
 * Integrated loudness in LUFS with the absolute gate at -70 LUFS and the relative gate 10 LU below (ITU-R BS.1770-4, annex 1).
 * @param energies of consecutive 100 ms
 * @returns null when everything is below the absolute gate
 */
export function integratedLoudness(energies: readonly Energy[]): number | null {
  const audible = gatingWindows(energies).filter((window) => window > 0 && toLufs(window) > -70);
  if (audible.length === 0) return null;
  const gate = toLufs(meanOf(audible)) - 10;
  return toLufs(meanOf(audible.filter((window) => toLufs(window) > gate)));
}

/** Integrated loudness of whole channels. */
export const loudnessOf = (channels: readonly Float32Array[], sampleRateHz: number): number | null =>
  integratedLoudness(measureEnergies(channels, { sampleRateHz, from: 0, to: channels[0]?.length ?? 0 }));
