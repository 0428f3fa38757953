import { z } from 'zod';
import { Language } from '../../shared/contract/language.ts';
import { stream } from '../../shared/contract/ports.ts';
import { defineStage } from '../../shared/contract/stage.ts';
import { AlignedChunk, Utterance } from '../../shared/contract/utterance.ts';
import { collectSentences } from './collect-sentences.ts';
import { createUtteranceIds } from './utterance-ids.ts';

/** Scripts that put no space between words. */
const UNSPACED = /^(zh|ja|th|lo|km|my)\b/;

export const segment = defineStage({
  id: 'segment',
  purpose: 'Cuts the words of the film into sentences.',
  params: z.object({
    language: Language,
    /** A silence of this length ends an utterance. */
    pauseMs: z.int().positive().default(900),
    /** A longer sentence is cut at clause marks and pauses. */
    maxUtteranceMs: z.int().positive().default(15_000),
    maxCharacters: z.int().positive().default(240),
  }),
  inputs: { chunks: stream(AlignedChunk) },
  outputs: { utterances: stream(Utterance) },
  async run({ params, inputs, outputs, count }) {
    const idOf = createUtteranceIds();
    const space = UNSPACED.test(params.language) ? '' : ' ';
    for await (const words of collectSentences(inputs.chunks, params)) {
      const text = words.map((word) => word.text).join(space);
      await outputs.utterances.write({
        id: idOf(text),
        startMs: words[0]?.startMs ?? 0,
        endMs: words.at(-1)?.endMs ?? 0,
        language: params.language,
        text,
        words: [...words],
        estimated: words.some((word) => word.estimated),
      });
      count({ utterances: 1 });
    }
  },
});
