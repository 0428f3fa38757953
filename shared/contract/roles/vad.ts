import { z } from 'zod';
import { AudioRef } from '../media.ts';

/** Voice activity: one probability of speech per frame of the slice. The engine starts from a fresh state for every request. */
export const vad = {
  op: 'detect',
  request: z.object({ audio: AudioRef }),
  reply: z.object({ frameMs: z.number().positive(), probabilities: z.array(z.number().min(0).max(1)) }),
} as const;
