import type { SpeechRegion, Word } from '../../shared/contract/utterance.ts';
import type { Span } from './spread-words.ts';

export interface PlausibilityRules {
  /** Words per second of speech; outside of these the text is not that of the audio. */
  readonly minWordsPerSecond: number;
  readonly maxWordsPerSecond: number;
  /** Lowest mean score of a stretch of `scoreWindowMs`. */
  readonly minScore: number;
  /** The same as a share of the chunk's median score, which falls with noise. */
  readonly minRelativeScore: number;
  readonly scoreWindowMs: number;
  /** Longest stretch without a word inside a speech region, from its start to the first word, and from the last word to its end. */
  readonly maxGapMs: number;
  readonly maxOnsetMs: number;
  readonly maxOffsetMs: number;
  /** Longest word: so much, and so much more for every character. */
  readonly maxWordMs: number;
  readonly maxWordMsPerCharacter: number;
}

export interface PlacedChunk extends Span {
  readonly regions: readonly SpeechRegion[];
  readonly words: readonly Word[];
  /** One per word, null where the aligner had no answer; 0 says that the pause in front of the word does not sound like silence. */
  readonly scores: readonly (number | null)[];
}

/** A word shorter than this may lie outside all regions: a detector misses a breath of speech now and then. */
const SHORT_WORD_MS = 250;

/**
 * Why an alignment cannot be right, or undefined when nothing speaks against it. Forced alignment always gives an answer: words that the
 * text lacks pull their neighbours over the audio they left, and it looks sure of it. What gives it away is speech without a word, a word
 * that is far too long or lies in silence, a rate nobody speaks at, or a stretch that would fit almost any other sound better.
 */
export function checkAlignment(chunk: PlacedChunk, rules: PlausibilityRules): string | undefined {
  return (
    checkAnswers(chunk) ??
    checkRate(chunk, rules) ??
    checkLongWords(chunk, rules) ??
    checkSilence(chunk) ??
    checkCoverage(chunk, rules) ??
    checkPauses(chunk) ??
    checkScores(chunk, rules)
  );
}

function checkAnswers({ words, scores }: PlacedChunk): string | undefined {
  const silent = words.filter((word, index) => scores[index] === null && /[\p{L}\p{N}]/u.test(word.text)).length;
  return silent * 5 > words.length ? `the aligner has no time for ${silent} of ${words.length} words` : undefined;
}

function checkRate({ words, regions }: PlacedChunk, rules: PlausibilityRules): string | undefined {
  const seconds = regions.reduce((sum, region) => sum + region.endMs - region.startMs, 0) / 1000;
  if (seconds === 0) return undefined;
  const rate = words.length / seconds;
  // One short word in a long breath is no sign of anything.
  if (rate < rules.minWordsPerSecond && seconds < 3) return undefined;
  return rate < rules.minWordsPerSecond || rate > rules.maxWordsPerSecond
    ? `${words.length} words in ${seconds.toFixed(1)} s of speech`
    : undefined;
}

function checkLongWords({ words }: PlacedChunk, rules: PlausibilityRules): string | undefined {
  const long = words.find(
    (word) => word.endMs - word.startMs > rules.maxWordMs + rules.maxWordMsPerCharacter * spokenLength(word.text),
  );
  return long === undefined ? undefined : `"${long.text}" would last ${long.endMs - long.startMs} ms`;
}

/** Characters as they are read aloud: a digit or a sign stands for a word. */
const spokenLength = (text: string): number => text.replace(/[^\p{L}\p{P}]/gu, 'seven').length;

const overlapMs = (a: Span, b: Span): number =>
  Math.max(0, Math.min(a.endMs, b.endMs) - Math.max(a.startMs, b.startMs));

function checkSilence({ words, regions }: PlacedChunk): string | undefined {
  if (regions.length === 0) return undefined;
  const outside = words.find((word) => {
    const lengthMs = word.endMs - word.startMs;
    const spokenMs = regions.reduce((sum, region) => sum + overlapMs(word, region), 0);
    return lengthMs > SHORT_WORD_MS && spokenMs * 3 < lengthMs;
  });
  return outside === undefined ? undefined : `"${outside.text}" would lie in silence`;
}

function checkCoverage({ words, regions }: PlacedChunk, rules: PlausibilityRules): string | undefined {
  for (const region of regions) {
    const inside = words.filter((word) => word.startMs < region.endMs && word.endMs > region.startMs);
    let reachedMs = region.startMs;
    for (const [index, word] of inside.entries()) {
      const gapMs = word.startMs - reachedMs;
      if (gapMs > (index === 0 ? rules.maxOnsetMs : rules.maxGapMs)) return withoutWord(gapMs);
      reachedMs = word.endMs;
    }
    const restMs = region.endMs - reachedMs;
    if (restMs > rules.maxOffsetMs) return withoutWord(restMs);
  }
  return undefined;
}

const withoutWord = (ms: number): string => `${ms} ms of speech have no word`;

/** Only inside a speech region: between two of them it may be music or noise. */
function checkPauses({ words, scores, regions }: PlacedChunk): string | undefined {
  const index = words.findIndex((word, at) => {
    const pause = { startMs: words[at - 1]?.endMs ?? word.startMs, endMs: word.startMs };
    return scores[at] === 0 && regions.some((region) => 2 * overlapMs(pause, region) > pause.endMs - pause.startMs);
  });
  return index < 0 ? undefined : `speech in front of "${words[index]?.text}" has no word`;
}

function checkScores({ words, scores }: PlacedChunk, rules: PlausibilityRules): string | undefined {
  const worst = worstStretch(words, scores, rules.scoreWindowMs);
  const known = scores.filter((score): score is number => score !== null && score > 0).sort((a, b) => a - b);
  const usual = known[Math.floor(known.length / 2)] ?? 1;
  return worst < Math.max(rules.minScore, rules.minRelativeScore * usual)
    ? `a stretch of words fits the sound with a score of ${worst.toFixed(2)}, the others with ${usual.toFixed(2)}`
    : undefined;
}

/** Lowest mean of the scores over neighbouring words that last `windowMs` together; each weighs as long as it lasts. */
export function worstStretch(words: readonly Word[], scores: readonly (number | null)[], windowMs: number): number {
  let worst = 1;
  for (const from of words.keys()) {
    let lengthMs = 0;
    let sum = 0;
    for (let to = from; to < words.length && lengthMs < windowMs; to += 1) {
      const word = words[to] as Word;
      const score = scores[to] ?? 0;
      if (score === 0) continue;
      lengthMs += word.endMs - word.startMs;
      sum += score * (word.endMs - word.startMs);
    }
    // The last words of a chunk may be shorter than the window; they are judged together with those before them.
    if (lengthMs > 0 && (lengthMs >= windowMs || from === 0)) worst = Math.min(worst, sum / lengthMs);
  }
  return worst;
}
