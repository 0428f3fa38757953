/** Frames at 48 kHz, half-open. */
export interface Interval {
  readonly from: number;
  readonly to: number;
}

const FRAMES_PER_MS = 48;
/** The original goes down before a line starts and comes back after it, slower. */
export const DUCK_ATTACK_FRAMES = 150 * FRAMES_PER_MS;
export const DUCK_RELEASE_FRAMES = 250 * FRAMES_PER_MS;
/** Between lines closer than this the original stays down: a short swell sounds like a fault. */
const HOLD_FRAMES = 600 * FRAMES_PER_MS;

/** Where the original has to be low: from a line's start to the end of the dub or of the original line, whichever is later. */
export function findDucks(
  clips: readonly {
    readonly startMs: number;
    readonly lineMs: number;
    readonly samples: number;
    readonly sampleRateHz: number;
  }[],
): Interval[] {
  const spans = clips
    .map(({ startMs, lineMs, samples, sampleRateHz }) => ({
      from: startMs * FRAMES_PER_MS,
      to: Math.ceil((startMs + Math.max(lineMs, (samples * 1000) / sampleRateHz)) * FRAMES_PER_MS),
    }))
    .sort((a, b) => a.from - b.from);
  const merged: { from: number; to: number }[] = [];
  for (const span of spans) {
    const last = merged.at(-1);
    if (last !== undefined && span.from - last.to <= HOLD_FRAMES) last.to = Math.max(last.to, span.to);
    else merged.push({ ...span });
  }
  return merged;
}

/**
 * Gain of the original per frame: 1 between lines, `duckDb` under them, raised-cosine ramps in decibels around.
 * @param gains is filled
 * @param ducks relative to frame 0; they may reach outside
 */
export function duckEnvelope(gains: Float32Array, ducks: readonly Interval[], duckDb: number): Float32Array {
  const frames = gains.length;
  gains.fill(1);
  const low = 10 ** (duckDb / 20);
  const lower = (at: number, depth: number): void => {
    if (at < 0 || at >= frames) return;
    const gain = 10 ** ((duckDb * (1 - Math.cos(Math.PI * depth))) / 40);
    if (gain < (gains[at] as number)) gains[at] = gain;
  };
  for (const { from, to } of ducks) {
    for (let step = 1; step < DUCK_ATTACK_FRAMES; step += 1) lower(from - step, 1 - step / DUCK_ATTACK_FRAMES);
    gains.fill(low, Math.max(0, Math.min(frames, from)), Math.max(0, Math.min(frames, to)));
    for (let step = 0; step < DUCK_RELEASE_FRAMES; step += 1) lower(to + step, 1 - step / DUCK_RELEASE_FRAMES);
  }
  return gains;
}
