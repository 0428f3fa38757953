import type { Cue } from '../contract/cue.ts';
import type { Language } from '../contract/language.ts';
import type { Utterance } from '../contract/utterance.ts';
import { canonicalJson } from '../util/canonical-json.ts';

/** What a program reads instead of SRT: utterances with word times, and the cues that were cut from them. Times in milliseconds. */
export interface SubtitleDocument {
  readonly schema: 'subtitle/1';
  readonly language: Language;
  /** Id of the profile the cues were cut by. */
  readonly profile: string;
  readonly cues: readonly Cue[];
  readonly utterances: readonly Utterance[];
}

/** Canonical JSON and a line end: the same cues give the same bytes. */
export const writeSubtitleJson = (document: SubtitleDocument): string => `${canonicalJson(document)}\n`;
