import { z } from 'zod';
import { Milliseconds } from './media.ts';

/** What is shown on the screen. */
export const Cue = z.object({
  startMs: Milliseconds,
  endMs: Milliseconds,
  /** One or two lines. */
  lines: z.array(z.string()).min(1),
  utteranceIds: z.array(z.string()),
});
export type Cue = z.output<typeof Cue>;

/** The rules by which cues are cut; config/profiles/<id>.json. */
export const SubtitleProfile = z.object({
  schema: z.literal('profile/1'),
  id: z.string(),
  purpose: z.string(),
  /** Languages it is chosen for, with all their variants; the profile `default` is for all others. */
  languages: z.array(z.string()),
  maxLines: z.int().positive(),
  maxCharactersPerLine: z.int().positive(),
  minDurationMs: Milliseconds.positive(),
  maxDurationMs: Milliseconds.positive(),
  /** Gap between two cues; cues closer than this are moved apart by shortening the first. */
  minGapMs: Milliseconds.nonnegative(),
  /** Reading speed above which a cue is lengthened into following silence, and then listed. */
  maxCharactersPerSecond: z.number().positive(),
});
export type SubtitleProfile = z.output<typeof SubtitleProfile>;
