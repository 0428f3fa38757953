import type { AlignedChunk, Word } from '../../shared/contract/utterance.ts';
import { endsSentence } from './ends-sentence.ts';
import { fits, type Limits, splitLong } from './split-long.ts';

export interface SegmentRules extends Limits {
  /** A silence of this length ends an utterance whatever the text says. */
  readonly pauseMs: number;
}

/** A text without marks and pauses is cut once it is this many times too long, so that a reader of the stream need not wait for its end. */
const PATIENCE = 3;

/**
 * The words of a film cut into utterances, each given as soon as the word behind it is known. Every word comes out once and in order, and
 * times never overlap: a word that would start before the one in front of it ends is moved up to that end.
 */
export async function* collectSentences(
  chunks: AsyncIterable<AlignedChunk>,
  rules: SegmentRules,
): AsyncIterable<readonly Word[]> {
  const patience = {
    maxUtteranceMs: rules.maxUtteranceMs * PATIENCE,
    maxCharacters: rules.maxCharacters * PATIENCE,
  };
  let sentence: Word[] = [];
  for await (const chunk of chunks) {
    for (const given of chunk.words) {
      const last = sentence.at(-1);
      const word = { ...given };
      if (last !== undefined) {
        word.startMs = Math.max(word.startMs, last.endMs);
        const gapMs = word.startMs - last.endMs;
        if (gapMs >= rules.pauseMs || endsSentence(last.text, word.text, gapMs)) {
          yield* splitLong(sentence, rules);
          sentence = [];
        } else if (!fits(sentence, patience)) {
          const parts = splitLong(sentence, rules);
          yield* parts.slice(0, -1);
          sentence = [...(parts.at(-1) ?? [])];
        }
      }
      word.endMs = Math.max(word.endMs, word.startMs);
      sentence.push(word);
    }
  }
  if (sentence.length > 0) yield* splitLong(sentence, rules);
}
