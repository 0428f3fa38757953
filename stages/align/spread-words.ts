import type { SpeechRegion, Word } from '../../shared/contract/utterance.ts';

export interface Span {
  readonly startMs: number;
  readonly endMs: number;
}

/** A stretch of milliseconds with the silence between its parts left out. */
interface SpokenTime {
  readonly totalMs: number;
  /** Film time of the n-th spoken millisecond; `as` says which side of a pause a point on its edge belongs to. */
  at(spokenMs: number, as: 'start' | 'end'): number;
}

/**
 * Times in proportion to characters over the speech regions of a chunk (over the whole chunk when it has none). Words are half-open,
 * ordered and inside the chunk; every word gets at least 1 ms where the chunk has that many.
 */
export function spreadWords(texts: readonly string[], chunk: Span, regions: readonly SpeechRegion[]): Word[] {
  const spoken = spokenTime(chunk, regions, texts.length);
  // One more for the pause or breath after each word, so that "a" is not given a tenth of "characters".
  const weights = texts.map((text) => [...text].length + 1);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  let done = 0;
  return texts.map((text, index) => {
    const startMs = spoken.at(Math.floor((done * spoken.totalMs) / total), 'start');
    done += weights[index] ?? 0;
    const endMs = spoken.at(Math.floor((done * spoken.totalMs) / total), 'end');
    return { text, startMs, endMs: Math.max(startMs, endMs), estimated: true };
  });
}

function spokenTime(chunk: Span, regions: readonly SpeechRegion[], words: number): SpokenTime {
  const inside = regions
    .map((region) => ({
      startMs: Math.max(region.startMs, chunk.startMs),
      endMs: Math.min(region.endMs, chunk.endMs),
    }))
    .sort((a, b) => a.startMs - b.startMs)
    .map((region, index, all) => {
      const reachedMs = all.slice(0, index).reduce((end, earlier) => Math.max(end, earlier.endMs), 0);
      return { startMs: Math.max(region.startMs, reachedMs), endMs: region.endMs };
    })
    .filter((region) => region.endMs > region.startMs);
  const length = (spans: readonly Span[]): number => spans.reduce((sum, span) => sum + span.endMs - span.startMs, 0);
  // Speech shorter than a millisecond per word cannot hold them; then the whole chunk has to.
  const spans = length(inside) >= words ? inside : [chunk];
  return {
    totalMs: length(spans),
    at(spokenMs, as) {
      let left = spokenMs;
      for (const span of spans) {
        const own = span.endMs - span.startMs;
        if (left < own || (as === 'end' && left === own)) return span.startMs + left;
        left -= own;
      }
      return spans.at(-1)?.endMs ?? chunk.endMs;
    },
  };
}
