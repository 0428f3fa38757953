import type { Cue, SubtitleProfile } from '../contract/cue.ts';
import { textWidth } from '../util/text-width.ts';
import { cueWidth } from './place-cues.ts';

export type CueRule =
  | 'too-fast'
  | 'line-too-long'
  | 'too-many-lines'
  | 'too-short'
  | 'too-long'
  | 'gap-too-small'
  | 'overlap';

/** One rule of the profile that one cue breaks. Units as in the profile: columns, columns a second, milliseconds, lines. */
export interface CueFinding {
  /** Index into the checked cues. */
  readonly cue: number;
  readonly rule: CueRule;
  readonly value: number;
  readonly limit: number;
}

/** Columns a second at which a cue has to be read. */
export const readingSpeed = (cue: Cue): number => (cueWidth(cue.lines) * 1000) / Math.max(1, cue.endMs - cue.startMs);

/** Everything in which cues break their profile, in cue order. Cues must be sorted by start. */
export function checkCues(cues: readonly Cue[], profile: SubtitleProfile): CueFinding[] {
  const findings: CueFinding[] = [];
  for (const [index, cue] of cues.entries()) {
    const find = (rule: CueRule, value: number, limit: number): void => {
      findings.push({ cue: index, rule, value, limit });
    };
    const durationMs = cue.endMs - cue.startMs;
    const widest = Math.max(...cue.lines.map(textWidth));
    const speed = Math.round(readingSpeed(cue) * 10) / 10;
    const next = cues[index + 1];
    const gapMs = next === undefined ? undefined : next.startMs - cue.endMs;
    if (speed > profile.maxCharactersPerSecond) find('too-fast', speed, profile.maxCharactersPerSecond);
    if (widest > profile.maxCharactersPerLine) find('line-too-long', widest, profile.maxCharactersPerLine);
    if (cue.lines.length > profile.maxLines) find('too-many-lines', cue.lines.length, profile.maxLines);
    if (durationMs < profile.minDurationMs) find('too-short', durationMs, profile.minDurationMs);
    if (durationMs > profile.maxDurationMs) find('too-long', durationMs, profile.maxDurationMs);
    if (gapMs !== undefined && gapMs < 0) find('overlap', gapMs, profile.minGapMs);
    else if (gapMs !== undefined && gapMs < profile.minGapMs) find('gap-too-small', gapMs, profile.minGapMs);
  }
  return findings;
}
