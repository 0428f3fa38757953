import { z } from 'zod';
import { Language } from '../language.ts';
import { ObjectRef } from '../media.ts';

/** Speech of one sentence as mono s16le PCM at the engine's own sample rate. */
export const synthesize = {
  op: 'speak',
  request: z.object({
    text: z.string(),
    language: Language,
    /** Name of a voice of the engine; the engine's first voice for the language when absent. */
    voice: z.string().optional(),
    /** Speed as a factor of the natural one; engines need not be linear in it, so lengths are measured. */
    rate: z.number().min(0.5).max(2),
  }),
  reply: z.object({ audio: ObjectRef, sampleRateHz: z.int().positive(), samples: z.int().nonnegative() }),
} as const;
