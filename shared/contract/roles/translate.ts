import { z } from 'zod';
import { Language } from '../language.ts';

/** Translation of one sentence. `context` is source text and is only sent to engines that declare that they use it. */
export const translate = {
  op: 'translate',
  request: z.object({
    text: z.string(),
    source: Language,
    target: Language,
    context: z.array(z.string()).optional(),
    glossary: z.array(z.object({ source: z.string(), target: z.string() })).optional(),
    maxCharacters: z.int().positive().optional(),
  }),
  reply: z.object({
    text: z.string(),
    /** Source words the engine marked as not known to it. */
    unknownWords: z.array(z.string()),
  }),
} as const;
