import type { RoleReply } from '../../shared/contract/roles/index.ts';
import type { Word } from '../../shared/contract/utterance.ts';
import type { Span } from './spread-words.ts';

export type AlignedTimes = RoleReply<'align'>['words'];

/**
 * An aligner's answer as words in film time. A word that has no time of its own (a dash, a word in another script) shares the time of the
 * word before it, or of the first timed one, and is marked as estimated. Undefined when the answer has no time at all, another number of
 * words, or times that overlap or leave the chunk.
 */
export function placeWords(texts: readonly string[], times: AlignedTimes, chunk: Span): Word[] | undefined {
  if (times.length !== texts.length) return undefined;
  const words: Word[] = [];
  let group: string[] = [];
  let span: Span | undefined;
  let reachedMs = chunk.startMs;
  const close = () => {
    if (span !== undefined) words.push(...shareSpan(group, span));
  };
  for (const [index, text] of texts.entries()) {
    const time = times[index] ?? null;
    if (time !== null) {
      // An aligner counts in frames; the last one may reach a little past the end.
      const own = {
        startMs: chunk.startMs + time.startMs,
        endMs: Math.min(chunk.startMs + time.endMs, chunk.endMs),
      };
      if (own.startMs < reachedMs || own.endMs <= own.startMs) return undefined;
      reachedMs = own.endMs;
      if (span !== undefined) {
        close();
        group = [];
      }
      span = own;
    }
    group.push(text);
  }
  if (span === undefined) return undefined;
  close();
  return words.map((word, index) => ({ ...word, estimated: times[index] === null }));
}

function shareSpan(texts: readonly string[], span: Span): Word[] {
  const total = texts.reduce((sum, text) => sum + text.length, 0);
  const at = (characters: number): number =>
    span.startMs + Math.floor(((span.endMs - span.startMs) * characters) / Math.max(1, total));
  let done = 0;
  return texts.map((text) => {
    const startMs = at(done);
    done += text.length;
    return { text, startMs, endMs: at(done), estimated: false };
  });
}
