import type { SubtitleProfile } from '../contract/cue.ts';
import type { Utterance } from '../contract/utterance.ts';
import { textWidth } from '../util/text-width.ts';
import { breakCosts } from './break-cost.ts';
import { breakLines, unitEnds, widthBetween } from './break-lines.ts';
import { cleanText } from './clean-text.ts';
import { splitUnits, type Unit } from './split-units.ts';
import { type Span, timeUnits } from './time-units.ts';

/** A cue before it is placed: its times are those of the speech. */
export interface Draft extends Span {
  readonly lines: readonly string[];
  readonly utteranceId: string;
}

/** Weights of one cue's cost, against break costs of 0 to 14 (see breakCosts). */
const CUE = 12;
const ENDING = 2;
const UNEVEN = 12;
const STUB = 30;
const TOO_SHORT = 10;
const PAUSE_INSIDE = 30;
const LONG_PAUSE_MS = 800;
const PAUSE_MS = 300;
/** Columns under which a part of a longer utterance is a stub. */
const STUB_WIDTH = 12;

interface Parting {
  readonly units: readonly Unit[];
  readonly spans: readonly Span[];
  readonly costs: readonly number[];
  readonly ends: readonly number[];
  readonly profile: SubtitleProfile;
}

const pauseAfter = (spans: readonly Span[], index: number): number =>
  (spans[index + 1]?.startMs ?? 0) - (spans[index]?.endMs ?? 0);

/** The words around a cue's end matter less when the speaker pauses there, and not at all over a long pause. */
const endingWeight = (pauseMs: number): number =>
  pauseMs >= LONG_PAUSE_MS ? 0 : pauseMs >= PAUSE_MS ? ENDING / 2 : ENDING;

/** Edges of the cheapest parting into cues; one cue costs least, so an utterance that fits stays whole unless a pause splits it. */
function partUnits({ units, spans, costs, ends, profile }: Parting): number[] {
  const count = units.length;
  const capacity = profile.maxLines * profile.maxCharactersPerLine;
  const best = new Float64Array(count + 1).fill(Number.POSITIVE_INFINITY);
  const origin = new Int32Array(count + 1);
  best[0] = 0;
  for (let from = 0; from < count; from += 1) {
    const startMs = spans[from]?.startMs ?? 0;
    let lines = 0;
    let column = Number.POSITIVE_INFINITY;
    let pauses = 0;
    for (let to = from + 1; to <= count; to += 1) {
      const unit = units[to - 1];
      if (unit === undefined) break;
      column += unit.width + (unit.spaceBefore ? 1 : 0);
      if (column > profile.maxCharactersPerLine) {
        lines += 1;
        column = unit.width;
      }
      if (to - 1 > from && pauseAfter(spans, to - 2) >= LONG_PAUSE_MS) pauses += 1;
      const durationMs = (spans[to - 1]?.endMs ?? 0) - startMs;
      if (to - from > 1 && (lines > profile.maxLines || durationMs > profile.maxDurationMs)) break;
      const width = widthBetween({ units, ends }, from, to);
      const part = from > 0 || to < count;
      const ending = to < count ? (costs[to - 1] ?? 0) * endingWeight(pauseAfter(spans, to - 1)) : 0;
      const cost =
        (best[from] ?? 0) +
        CUE +
        ending +
        UNEVEN * (1 - Math.min(1, width / capacity)) ** 2 +
        PAUSE_INSIDE * pauses +
        (part && width < STUB_WIDTH ? STUB : 0) +
        (part && durationMs < profile.minDurationMs ? TOO_SHORT : 0);
      if (cost < (best[to] ?? 0)) {
        best[to] = cost;
        origin[to] = from;
      }
    }
  }
  const edges = [count];
  while ((edges[0] ?? 0) > 0) edges.unshift(origin[edges[0] ?? 0] ?? 0);
  return edges;
}

/**
 * The cues of one utterance, in order: at sentence and clause ends, pauses and phrase starts, each within the profile's lines and longest
 * duration. No word is lost or split. An utterance without visible text gives none.
 */
export function partUtterance(utterance: Utterance, profile: SubtitleProfile): Draft[] {
  const text = cleanText(utterance.text);
  if (textWidth(text) === 0) return [];
  const units = splitUnits(text, utterance.language);
  const spans = timeUnits(utterance, text, units);
  const costs = breakCosts(units, utterance.language);
  const ends = unitEnds(units);
  const edges = partUnits({ units, spans, costs, ends, profile });
  return edges.slice(1).map((to, index) => {
    const from = edges[index] ?? 0;
    return {
      startMs: spans[from]?.startMs ?? utterance.startMs,
      endMs: spans[to - 1]?.endMs ?? utterance.endMs,
      lines: breakLines({ units, costs, ends, from, to }, profile.maxCharactersPerLine),
      utteranceId: utterance.id,
    };
  });
}
