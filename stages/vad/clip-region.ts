import type { SpeechRegion } from '../../shared/contract/utterance.ts';

/** The part of a region inside `[startMs, endMs)`; undefined when they do not meet. A null edge is open. */
export function clipRegion(
  region: SpeechRegion,
  startMs: number | null,
  endMs: number | null,
): SpeechRegion | undefined {
  const from = Math.max(region.startMs, startMs ?? region.startMs);
  const to = Math.min(region.endMs, endMs ?? region.endMs);
  return from < to ? { startMs: from, endMs: to } : undefined;
}
