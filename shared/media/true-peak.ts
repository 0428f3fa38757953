/** Taps of one phase; the interpolated points reach this many frames to each side, halved. */
const TAPS = 16;
const OVERSAMPLING = 4;
/** Frames before and after a range that its true peak depends on. */
export const TRUE_PEAK_SUPPORT = TAPS / 2;

/** Windowed sinc at one quarter, half and three quarters of a frame (the 4× oversampling of ITU-R BS.1770-4, annex 2; Hann window). */
const PHASES: readonly Float64Array[] = [1, 2, 3].map((phase) => {
  const taps = Float64Array.from({ length: TAPS }, (_, tap) => {
    const distance = tap - (TAPS / 2 - 1) - phase / OVERSAMPLING;
    const sinc = Math.sin(Math.PI * distance) / (Math.PI * distance);
    return sinc * Math.cos((Math.PI * distance) / TAPS) ** 2;
  });
  const sum = taps.reduce((total, tap) => total + tap, 0);
  return taps.map((tap) => tap / sum);
});

/**
 * Between two samples that both stay below this part of the limit, no peak is looked for: only a tone above a quarter of the sample rate
 * (12 kHz at 48 kHz) could reach the limit there.
 */
const SCREEN = 0.7;

/**
 * Largest absolute value of the signal at and between the frames of `[from, to)`. Points between frames are computed only where the
 * signal comes near `limit`.
 */
export function truePeak(
  samples: Float32Array,
  range: { readonly from: number; readonly to: number; readonly limit: number },
): number {
  const screen = range.limit * SCREEN;
  let peak = 0;
  let value = Math.abs(samples[range.from] ?? 0);
  for (let at = range.from; at < range.to; at += 1) {
    const next = Math.abs(samples[at + 1] ?? 0);
    if (value > peak) peak = value;
    if (value >= screen || next >= screen) {
      const between = peakBetween(samples, at);
      if (between > peak) peak = between;
    }
    value = next;
  }
  return peak;
}

/** Largest absolute value at the three points between frame `at` and the next. */
function peakBetween(samples: Float32Array, at: number): number {
  const first = at - (TAPS / 2 - 1);
  const inside = first >= 0 && first + TAPS <= samples.length;
  let peak = 0;
  for (const taps of PHASES) {
    let value = 0;
    for (let tap = 0; tap < TAPS; tap += 1)
      value += (taps[tap] as number) * (inside ? (samples[first + tap] as number) : (samples[first + tap] ?? 0));
    if (value > peak) peak = value;
    else if (-value > peak) peak = -value;
  }
  return peak;
}
