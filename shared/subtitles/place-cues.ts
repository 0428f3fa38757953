import type { Cue, SubtitleProfile } from '../contract/cue.ts';
import { textWidth } from '../util/text-width.ts';
import type { Draft } from './part-utterance.ts';

/**
 * Half a second: how far past the end of speech a cue may stay for reading speed, and the gap that is closed so that a run of cues does
 * not flicker (12 frames at 24 frames/s; Netflix Timed Text Style Guide, Subtitle Timing Guidelines, "timing to audio").
 */
const HALF_SECOND_MS = 500;

/** Columns a reader has to take in. */
export const cueWidth = (lines: readonly string[]): number => lines.reduce((sum, line) => sum + textWidth(line), 0);

/**
 * Places drafts on the screen. A cue starts with its speech; it is lengthened into the silence after it up to the shortest duration and
 * for reading speed, and shortened so that the next one keeps its gap. When cues crowd, a cue keeps half of the shortest duration and
 * the next one starts later. Results are sorted and never overlap.
 */
export function placeCues(drafts: readonly Draft[], profile: SubtitleProfile): Cue[] {
  const sorted = [...drafts].sort((a, b) => a.startMs - b.startMs);
  const room = Math.ceil(profile.minDurationMs / 2) + profile.minGapMs;
  const starts: number[] = [];
  for (const draft of sorted) starts.push(Math.max(draft.startMs, 0, (starts.at(-1) ?? -room) + room));

  return sorted.map((draft, index) => {
    const startMs = starts[index] ?? 0;
    const limit = Math.min(
      startMs + profile.maxDurationMs,
      (starts[index + 1] ?? Number.POSITIVE_INFINITY) - profile.minGapMs,
    );
    const readMs = Math.ceil((cueWidth(draft.lines) / profile.maxCharactersPerSecond) * 1000);
    const lingering = Math.min(startMs + readMs, Math.max(draft.endMs, startMs) + HALF_SECOND_MS);
    const wanted = Math.max(draft.endMs, startMs + profile.minDurationMs, lingering);
    const chained = limit - wanted < HALF_SECOND_MS && index + 1 < sorted.length ? limit : wanted;
    return {
      startMs,
      endMs: Math.min(limit, Math.max(wanted, chained)),
      lines: [...draft.lines],
      utteranceIds: [draft.utteranceId],
    };
  });
}
