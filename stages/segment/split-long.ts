import type { Word } from '../../shared/contract/utterance.ts';

export interface Limits {
  readonly maxUtteranceMs: number;
  readonly maxCharacters: number;
}

/** Words that often begin a clause, in the languages that are recognised here. */
const CLAUSE_STARTS = new Set(
  'and but or nor so yet that which who whom whose because although though while when where if unless until since as than before after'.split(
    ' ',
  ),
);
const PAUSE_MS = 250;

/** Characters of the words as one line. */
export const lineLength = (words: readonly Word[]): number =>
  words.reduce((sum, word) => sum + word.text.length + 1, -1);

export const fits = (words: readonly Word[], limits: Limits): boolean =>
  lineLength(words) <= limits.maxCharacters &&
  (words.at(-1)?.endMs ?? 0) - (words[0]?.startMs ?? 0) <= limits.maxUtteranceMs;

/**
 * Cuts a sentence that is too long into parts that fit: preferably behind a clause mark, then at a pause, then in front of a conjunction,
 * and near the middle. A single word is never cut. Order and words stay as they are.
 */
export function splitLong(words: readonly Word[], limits: Limits): readonly (readonly Word[])[] {
  if (words.length < 2 || fits(words, limits)) return [words];
  const total = lineLength(words);
  let best = { at: 1, cost: Number.POSITIVE_INFINITY };
  let left = -1;
  for (let at = 1; at < words.length; at += 1) {
    left += (words[at - 1]?.text.length ?? 0) + 1;
    const cost = Math.abs(2 * left - total) / total + cutCost(words[at - 1] as Word, words[at] as Word);
    if (cost < best.cost) best = { at, cost };
  }
  return [...splitLong(words.slice(0, best.at), limits), ...splitLong(words.slice(best.at), limits)];
}

/** How bad a line break between two words reads: 0 fine, 1 as bad as a break at the very edge of the sentence. */
function cutCost(before: Word, after: Word): number {
  const breath = after.startMs - before.endMs >= PAUSE_MS ? 0.15 : 0;
  if (/[.!?…;:—–。！？；]["'”’»)\]]*$/u.test(before.text)) return 0.1 - breath;
  if (/[,，、]["'”’»)\]]*$/u.test(before.text)) return 0.25 - breath;
  if (breath > 0) return 0.4;
  if (CLAUSE_STARTS.has(after.text.toLowerCase())) return 0.6;
  return 0.9;
}
