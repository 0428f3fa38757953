import { z } from 'zod';
import { Language } from '../language.ts';
import { AudioRef, Milliseconds } from '../media.ts';

/** Recognition: the text of one chunk, as a writer would print it. */
export const asr = {
  op: 'transcribe',
  request: z.object({ audio: AudioRef, language: Language }),
  reply: z.object({
    text: z.string(),
    /** Times relative to the slice; only from engines that know them. */
    words: z.array(z.object({ text: z.string(), startMs: Milliseconds, endMs: Milliseconds })).optional(),
  }),
} as const;
