import { z } from 'zod';
import { Language } from '../language.ts';
import { AudioRef, Milliseconds } from '../media.ts';

/** Forced alignment: when each word of a known text was said, relative to the slice. */
export const align = {
  op: 'align',
  request: z.object({ audio: AudioRef, language: Language, words: z.array(z.string()) }),
  reply: z.object({
    /** One entry per word of the request, null where the engine has no answer. `score` is 0..1, higher is surer. */
    words: z.array(z.object({ startMs: Milliseconds, endMs: Milliseconds, score: z.number() }).nullable()),
    /** Words that were not in the dictionary; their pronunciation was guessed. */
    unknown: z.array(z.string()),
  }),
} as const;
