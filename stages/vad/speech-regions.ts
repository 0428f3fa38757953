import type { SpeechRegion } from '../../shared/contract/utterance.ts';

export interface RegionRules {
  /** Speech begins with a frame of at least this probability. */
  readonly threshold: number;
  /** Speech may end with a frame below this probability; between the two nothing changes. */
  readonly offThreshold: number;
  /** A pause shorter than this is part of the speech around it. */
  readonly minSilenceMs: number;
  /** Speech shorter than this, without its padding, is dropped. */
  readonly minSpeechMs: number;
  /** Added before and after; never more than half of the pause to the neighbour. */
  readonly padMs: number;
}

export interface RegionFinder {
  /** Takes the probability of the next frame; returns the regions that can no longer change. */
  push(probability: number): readonly SpeechRegion[];
  /** Ends the stream at `endMs`; returns what was still open. */
  finish(endMs: number): readonly SpeechRegion[];
}

interface Span {
  readonly startMs: number;
  readonly endMs: number;
}

/**
 * Finds speech in a stream of frame probabilities with two thresholds. Frame n covers `[n, n+1) * frameMs`. The answer depends on the
 * sequence alone, never on how it was fed. A region is returned as soon as nothing that may follow can move its end.
 */
export function createRegionFinder(frameMs: number, rules: RegionRules): RegionFinder {
  let frame = 0;
  /** Start of the open speech, and the first frame of a silence that may end it. */
  let speechFrom: number | undefined;
  let quietFrom: number | undefined;
  /** Finished speech whose padding still depends on what follows. */
  let held: Span | undefined;
  let paddedUntilMs = 0;

  /** Returns the held region when nobody speaks before `quietUntilMs`; its padding may reach half of that. */
  const settle = (quietUntilMs: number, limitMs: number): SpeechRegion[] => {
    if (held === undefined) return [];
    const { startMs, endMs } = held;
    const padded = Math.min(rules.padMs, Math.floor((quietUntilMs - endMs) / 2));
    const region = {
      startMs: Math.max(paddedUntilMs, startMs - rules.padMs),
      endMs: Math.min(limitMs, endMs + padded),
    };
    held = undefined;
    paddedUntilMs = region.endMs;
    return [region];
  };

  const close = (endFrame: number): SpeechRegion[] => {
    const startMs = (speechFrom ?? 0) * frameMs;
    const endMs = endFrame * frameMs;
    speechFrom = undefined;
    quietFrom = undefined;
    if (endMs - startMs < rules.minSpeechMs) return [];
    const settled = settle(startMs, Number.POSITIVE_INFINITY);
    held = { startMs, endMs };
    return settled;
  };

  return {
    push: (probability) => {
      const at = frame++;
      const found: SpeechRegion[] = [];
      if (speechFrom === undefined) {
        if (probability >= rules.threshold) speechFrom = at;
      } else if (probability >= rules.threshold) {
        quietFrom = undefined;
      } else if (probability < rules.offThreshold) {
        quietFrom ??= at;
      }
      if (quietFrom !== undefined && (frame - quietFrom) * frameMs >= rules.minSilenceMs)
        found.push(...close(quietFrom));
      const quietUntilMs = (speechFrom ?? frame) * frameMs;
      if (held !== undefined && quietUntilMs - held.endMs >= 2 * rules.padMs)
        found.push(...settle(quietUntilMs, Number.POSITIVE_INFINITY));
      return found;
    },
    finish: (endMs) => {
      const found = speechFrom === undefined ? [] : close(quietFrom ?? frame);
      return [...found, ...settle(Number.MAX_SAFE_INTEGER, endMs)].filter((region) => region.endMs > region.startMs);
    },
  };
}
