/** Speech of one line, trimmed, at some rate. */
export interface Take<Audio> {
  readonly audio: Audio;
  readonly lengthMs: number;
}

export interface FittedTake<Audio> {
  readonly take: Take<Audio>;
  readonly naturalMs: number;
  readonly rate: number;
  readonly stretch: number;
}

export interface FitLimits {
  readonly maxRate: number;
  readonly maxStretch: number;
  /** Of speeding up in all: the larger of the rate asked for and the one measured, times the stretch. */
  readonly maxProduct: number;
}

interface Speaker<Audio> {
  /** Speaks the line at a rate; 1 is natural. */
  speak(rate: number): Promise<Take<Audio>>;
  /** Shortens a take by a factor without changing its pitch. */
  stretch(take: Take<Audio>, factor: number): Promise<Take<Audio>>;
}

/** Rates are whole hundredths, so that lines with nearly the same need ask for the same thing again. */
const upToHundredth = (value: number): number => Math.ceil(value * 100 - 1e-9) / 100;
/** A take shorter than this part of the slot was hurried more than it had to be. */
const TOO_FAST = 0.9;
/** atempo works in whole windows and ends up to 1 % too long. */
const STRETCH_MARGIN = 1.01;

/**
 * The slowest speech of a line that fits its slot, never slower than natural: first as it is; then at a higher rate of the engine; then
 * stretched. Engines are not linear in their rate, so the result is measured and the rate corrected once. What is still too long is
 * returned as it is: nothing is ever cut.
 */
export async function fitLine<Audio>(
  slotMs: number,
  limits: FitLimits,
  speaker: Speaker<Audio>,
): Promise<FittedTake<Audio>> {
  const natural = await speaker.speak(1);
  const naturalMs = natural.lengthMs;
  if (naturalMs <= slotMs || naturalMs === 0) return { take: natural, naturalMs, rate: 1, stretch: 1 };

  const clampRate = (rate: number): number => Math.min(limits.maxRate, Math.max(1, upToHundredth(rate)));
  const tried = [{ rate: 1, take: natural }];
  const attempt = async (rate: number): Promise<Take<Audio>> => {
    const take = await speaker.speak(rate);
    tried.push({ rate, take });
    return take;
  };
  const firstRate = clampRate(naturalMs / Math.max(slotMs, 1));
  if (firstRate > 1) {
    const first = await attempt(firstRate);
    if (first.lengthMs > slotMs || first.lengthMs < slotMs * TOO_FAST) {
      // What the first rate brought tells how much a rate is worth to this engine.
      const gained = naturalMs / first.lengthMs - 1;
      const wanted = naturalMs / Math.max(slotMs, 1) - 1;
      const corrected = gained > 0 ? clampRate(1 + ((firstRate - 1) * wanted) / gained) : limits.maxRate;
      if (corrected !== firstRate && corrected > 1) await attempt(corrected);
    }
  }
  const fitting = tried.filter(({ take }) => take.lengthMs <= slotMs).sort((a, b) => a.rate - b.rate);
  const best = fitting[0] ?? [...tried].sort((a, b) => a.take.lengthMs - b.take.lengthMs)[0] ?? tried[0];
  if (best === undefined) throw new Error('no take');
  if (fitting.length > 0) return { ...best, naturalMs, stretch: 1 };

  const hurried = Math.max(best.rate, naturalMs / best.take.lengthMs);
  const wanted = (best.take.lengthMs / Math.max(slotMs, 1)) * STRETCH_MARGIN;
  const stretch = Math.floor(Math.min(limits.maxStretch, limits.maxProduct / hurried, wanted) * 1000) / 1000;
  if (stretch <= 1.005) return { ...best, naturalMs, stretch: 1 };
  return { take: await speaker.stretch(best.take, stretch), naturalMs, rate: best.rate, stretch };
}
