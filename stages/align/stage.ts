import { z } from 'zod';
import { Language } from '../../shared/contract/language.ts';
import { stream } from '../../shared/contract/ports.ts';
import { defineStage } from '../../shared/contract/stage.ts';
import { AlignedChunk, RecognizedChunk, type Word } from '../../shared/contract/utterance.ts';
import { checkAlignment, type PlausibilityRules } from './check-alignment.ts';
import { type AlignedTimes, placeWords } from './place-words.ts';
import { splitWords } from './split-words.ts';
import { spreadWords } from './spread-words.ts';

/** Share of words with estimated times above which the report warns. */
const WARN_ABOVE = 0.2;

export const align = defineStage({
  id: 'align',
  role: 'align?',
  purpose: 'Finds when each word was said.',
  params: z.object({
    language: Language,
    minWordsPerSecond: z.number().positive().default(0.6),
    maxWordsPerSecond: z.number().positive().default(8),
    // Measured with the pocketsphinx aligner on 32 chunks of four voices: right alignments stay inside all of these limits, and 154 of
    // 155 texts that lack three words somewhere break one.
    minScore: z.number().min(0).max(1).default(0.48),
    minRelativeScore: z.number().min(0).max(1).default(0.72),
    scoreWindowMs: z.int().positive().default(400),
    maxGapMs: z.int().positive().default(420),
    maxOnsetMs: z.int().positive().default(280),
    maxOffsetMs: z.int().positive().default(550),
    maxWordMs: z.int().positive().default(500),
    maxWordMsPerCharacter: z.int().positive().default(70),
  }),
  inputs: { chunks: stream(RecognizedChunk) },
  outputs: { chunks: stream(AlignedChunk) },
  async run({ params, inputs, outputs, engine, each, warn, count, progress }) {
    let words = 0;
    let estimatedWords = 0;
    const aligned = each(inputs.chunks, async (chunk) => {
      const texts = splitWords(chunk.text);
      if (engine === undefined || texts.length === 0) return fallBack(chunk, texts, 'no aligner for this language');
      const { audio } = chunk;
      const reply = await engine.call({ audio, language: params.language, words: [...texts] });
      return accept(chunk, texts, reply.words, params);
    });
    for await (const chunk of aligned) {
      await outputs.chunks.write(chunk);
      const estimated = chunk.words.filter((word) => word.estimated).length;
      words += chunk.words.length;
      estimatedWords += estimated;
      count({ words: chunk.words.length, estimatedWords: estimated, estimatedChunks: chunk.estimated ? 1 : 0 });
      progress(chunk.endMs);
    }
    if (estimatedWords > words * WARN_ABOVE)
      warn({
        code: 'word-times-estimated',
        message: `The times of ${estimatedWords} of ${words} words are estimated: lines may start some tenths of a second off.`,
        data: { words, estimatedWords },
      });
  },
});

function accept(
  chunk: RecognizedChunk,
  texts: readonly string[],
  times: AlignedTimes,
  rules: PlausibilityRules,
): AlignedChunk {
  const words = placeWords(texts, times, chunk);
  if (words === undefined) return fallBack(chunk, texts, 'the aligner found no place for the words');
  const scores = times.map((time) => time?.score ?? null);
  const reason = checkAlignment({ ...chunk, words, scores }, rules);
  if (reason !== undefined) return fallBack(chunk, texts, reason);
  return { startMs: chunk.startMs, endMs: chunk.endMs, estimated: false, words };
}

/** The recogniser's own times where it has them for these words; else times spread over the speech. */
function fallBack(chunk: RecognizedChunk, texts: readonly string[], reason: string): AlignedChunk {
  const { startMs, endMs } = chunk;
  if (texts.length === 0) return { startMs, endMs, estimated: false, words: [] };
  const own = ownWords(chunk, texts);
  if (own !== undefined) return { startMs, endMs, estimated: false, words: own };
  return { startMs, endMs, estimated: true, reason, words: spreadWords(texts, chunk, chunk.regions) };
}

function ownWords({ words, startMs, endMs }: RecognizedChunk, texts: readonly string[]): Word[] | undefined {
  if (words?.length !== texts.length) return undefined;
  let reachedMs = startMs;
  for (const [index, word] of words.entries()) {
    if (word.text !== texts[index] || word.startMs < reachedMs || word.endMs < word.startMs || word.endMs > endMs)
      return undefined;
    reachedMs = word.endMs;
  }
  return words;
}
