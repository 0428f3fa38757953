import type { Cue, SubtitleProfile } from '../contract/cue.ts';
import type { Utterance } from '../contract/utterance.ts';
import { partUtterance } from './part-utterance.ts';
import { placeCues } from './place-cues.ts';

/**
 * Cues of a whole film from its utterances: sorted, never overlapping, at least the profile's gap apart, at most `maxLines` lines each.
 * Utterances with words are cut at word times, others in proportion to their characters. Utterances are never merged.
 * The words of all cues are the words of all utterances. A profile's limits that cannot be kept are left to checkCues.
 */
export const cutCues = (utterances: readonly Utterance[], profile: SubtitleProfile): Cue[] =>
  placeCues(
    utterances.flatMap((utterance) => partUtterance(utterance, profile)),
    profile,
  );
