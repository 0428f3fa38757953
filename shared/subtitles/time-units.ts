import type { Utterance } from '../contract/utterance.ts';
import { cleanText } from './clean-text.ts';
import type { Unit } from './split-units.ts';

/** When a unit is said, film time. */
export interface Span {
  readonly startMs: number;
  readonly endMs: number;
}

interface Timed extends Span {
  /** Characters of the utterance without spaces: [from, to). */
  readonly from: number;
  readonly to: number;
}

const withoutSpaces = (text: string): string => (text.includes(' ') ? text.replaceAll(' ', '') : text);

/** The words of an utterance over its characters; undefined when they do not spell its text (a translation, an edited line). */
function timedWords(utterance: Utterance, text: string): readonly Timed[] | undefined {
  const timed: Timed[] = [];
  let spelled = '';
  for (const word of utterance.words) {
    const letters = withoutSpaces(cleanText(word.text));
    if (letters === '') continue;
    const from = spelled.length;
    spelled += letters;
    timed.push({ startMs: word.startMs, endMs: word.endMs, from, to: spelled.length });
  }
  return timed.length > 0 && spelled === withoutSpaces(text) ? timed : undefined;
}

const at = (timed: Timed, position: number): number =>
  timed.startMs +
  Math.round(((timed.endMs - timed.startMs) * (position - timed.from)) / Math.max(1, timed.to - timed.from));

/**
 * When each unit of an utterance is said. From its words where they spell the text; otherwise in proportion to characters over the
 * utterance's span. Starts never go backwards.
 * @param text the utterance's clean text, of which `units` were made
 */
export function timeUnits(utterance: Utterance, text: string, units: readonly Unit[]): Span[] {
  const total = withoutSpaces(text).length;
  const whole: Timed = { startMs: utterance.startMs, endMs: utterance.endMs, from: 0, to: total };
  const words = timedWords(utterance, text) ?? [whole];
  const spans: Span[] = [];
  let position = 0;
  let current = 0;
  let earliest = Number.NEGATIVE_INFINITY;
  for (const unit of units) {
    while (current + 1 < words.length && (words[current]?.to ?? 0) <= position) current += 1;
    const startMs = Math.max(earliest, at(words[current] ?? whole, position));
    position += unit.text.length;
    while (current + 1 < words.length && (words[current]?.to ?? 0) < position) current += 1;
    const endMs = Math.max(startMs, at(words[current] ?? whole, position));
    spans.push({ startMs, endMs });
    earliest = startMs;
  }
  return spans;
}
