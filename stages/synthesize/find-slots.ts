import type { Utterance } from '../../shared/contract/utterance.ts';

/** A line and the time it may take: its own span and the silence that follows, up to `gapMs` before the next line or the film's end. */
export interface Slot {
  readonly line: Utterance;
  readonly slotMs: number;
}

/** Lines in order of their start, each with its slot. Reads one line ahead. */
export async function* findSlots(
  lines: AsyncIterable<Utterance>,
  limits: { readonly filmMs: number; readonly gapMs: number },
): AsyncIterable<Slot> {
  let line: Utterance | undefined;
  for await (const next of lines) {
    if (line !== undefined) yield slotOf(line, next.startMs - limits.gapMs);
    line = next;
  }
  if (line !== undefined) yield slotOf(line, limits.filmMs);
}

/** A line that overlaps the next one keeps its own span. */
const slotOf = (line: Utterance, borrowUntilMs: number): Slot => ({
  line,
  slotMs: Math.max(line.endMs, borrowUntilMs) - line.startMs,
});
