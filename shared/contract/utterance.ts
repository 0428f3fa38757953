import { z } from 'zod';
import { Language } from './language.ts';
import { AudioRef, Milliseconds, ObjectRef } from './media.ts';

/** Where somebody speaks, as the voice activity detector found it. */
export const SpeechRegion = z.object({ startMs: Milliseconds, endMs: Milliseconds });
export type SpeechRegion = z.output<typeof SpeechRegion>;

/** One word as printed, with its punctuation. */
export const Word = z.object({
  text: z.string(),
  startMs: Milliseconds,
  endMs: Milliseconds,
  /** True: no aligner confirmed the times, they were spread over the chunk. */
  estimated: z.boolean(),
});
export type Word = z.output<typeof Word>;

/** What one recognition call heard: the samples from cut to cut and their text. */
export const RecognizedChunk = z.object({
  startMs: Milliseconds,
  endMs: Milliseconds,
  audio: AudioRef,
  /** Speech regions inside the chunk, in film time. */
  regions: z.array(SpeechRegion),
  text: z.string(),
  /** Only from recognisers that know word times. */
  words: z.array(Word).optional(),
});
export type RecognizedChunk = z.output<typeof RecognizedChunk>;

/** The words of one chunk with times. */
export const AlignedChunk = z.object({
  startMs: Milliseconds,
  endMs: Milliseconds,
  /** True when the times of all words are spread, because the aligner's answer was missing or not plausible. */
  estimated: z.boolean(),
  /** Why, when `estimated`. */
  reason: z.string().optional(),
  words: z.array(Word),
});
export type AlignedChunk = z.output<typeof AlignedChunk>;

/** One sentence of one speaker: the unit of translation and dubbing. */
export const Utterance = z.object({
  /** 16 hex digits: hash of the normalised text; equal texts are told apart by the previous text, then by a counter. */
  id: z.string(),
  startMs: Milliseconds,
  endMs: Milliseconds,
  language: Language,
  text: z.string(),
  /** Empty for translations: no word of theirs was ever spoken. */
  words: z.array(Word),
  /** Any of its word times is estimated. */
  estimated: z.boolean(),
  speaker: z.string().optional(),
  /** Only of a translated utterance: what was said. */
  source: z.object({ language: Language, text: z.string() }).optional(),
  /** Only of a translated utterance: words the translator did not know. */
  unknownWords: z.array(z.string()).optional(),
});
export type Utterance = z.output<typeof Utterance>;

/** A spoken line of the dub, already fitted. */
export const VoiceClip = z.object({
  utteranceId: z.string(),
  /** Where it is placed. */
  startMs: Milliseconds,
  audio: ObjectRef,
  sampleRateHz: z.int().positive(),
  samples: z.int().nonnegative(),
  /** How long the original line is spoken from `startMs` on; the original sound is kept low that long even under a shorter clip. */
  lineMs: Milliseconds,
  /** What the line had to fit into: its utterance and the silence it may borrow. */
  slotMs: Milliseconds,
  /** Length at the engine's natural rate. */
  naturalMs: Milliseconds,
  /** Rate asked of the engine and stretch applied after it; 1 = untouched, never below 1. */
  rate: z.number(),
  stretch: z.number(),
  /** False: still longer than its slot; listed in the report, never cut. */
  fits: z.boolean(),
});
export type VoiceClip = z.output<typeof VoiceClip>;
