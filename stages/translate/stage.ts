import { z } from 'zod';
import { Language } from '../../shared/contract/language.ts';
import { stream } from '../../shared/contract/ports.ts';
import { defineStage } from '../../shared/contract/stage.ts';
import { Utterance } from '../../shared/contract/utterance.ts';

/** Lines that may be with the engine at once; enough to fill its batches. */
const AHEAD = 32;

const tidy = (text: string): string => text.replace(/\s+/gu, ' ').trim();

export const translate = defineStage({
  id: 'translate',
  role: 'translate',
  purpose: 'Translates each sentence as a whole.',
  params: z.object({ source: Language, target: Language }),
  inputs: { utterances: stream(Utterance) },
  outputs: { utterances: stream(Utterance) },
  async run({ params, inputs, outputs, engine, each, warn, count }) {
    const lines = each(
      inputs.utterances,
      async (utterance) => {
        const text = tidy(utterance.text);
        const reply = await engine.call({ text, source: params.source, target: params.target });
        return { utterance, source: text, text: tidy(reply.text), unknownWords: reply.unknownWords };
      },
      { ahead: AHEAD },
    );
    for await (const { utterance, source, text, unknownWords } of lines) {
      const { id, startMs, endMs, estimated, speaker } = utterance;
      // A line without any text would be a hole in the subtitles: what was said is better than nothing, and it is listed.
      const missing = text === '' && source !== '';
      if (missing)
        warn({
          code: 'line-not-translated',
          message: `The engine gave no translation of "${source}"; the line keeps the words that were said.`,
          data: { id },
        });
      const unknown = missing ? source.split(' ') : unknownWords;
      await outputs.utterances.write({
        id,
        startMs,
        endMs,
        language: params.target,
        text: missing ? source : text,
        words: [],
        estimated,
        ...(speaker === undefined ? {} : { speaker }),
        source: { language: params.source, text: source },
        unknownWords: [...unknown],
      });
      count({ translatedLines: missing ? 0 : 1, unknownWords: unknown.length });
    }
  },
});
