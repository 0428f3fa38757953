import type { Unit } from './split-units.ts';

/** A slice [from, to) of an utterance's units with what is needed to lay it out. */
export interface UnitRange {
  readonly units: readonly Unit[];
  /** From breakCosts, for the whole utterance. */
  readonly costs: readonly number[];
  /** From unitEnds, for the whole utterance. */
  readonly ends: readonly number[];
  readonly from: number;
  readonly to: number;
}

const ORPHAN = 40;
const OVERLONG = 1000;
const UNEVEN = 40;

/** Column at which each unit ends when all stand on one endless line. */
export function unitEnds(units: readonly Unit[]): number[] {
  let end = 0;
  return units.map((unit) => {
    end += unit.width + (unit.spaceBefore ? 1 : 0);
    return end;
  });
}

/** Columns of units [from, to) on one line; to > from. */
export const widthBetween = ({ units, ends }: Pick<UnitRange, 'units' | 'ends'>, from: number, to: number): number =>
  (ends[to - 1] ?? 0) - (ends[from] ?? 0) + (units[from]?.width ?? 0);

function lineText(units: readonly Unit[], from: number, to: number): string {
  let text = '';
  for (let index = from; index < to; index += 1) {
    const unit = units[index];
    if (unit !== undefined) text += (unit.spaceBefore && index > from ? ' ' : '') + unit.text;
  }
  return text;
}

/** Lines needed when every line is filled up; a unit wider than a line takes one alone. */
function countLines({ units, from, to }: UnitRange, maxWidth: number): number {
  let lines = 0;
  let width = Number.POSITIVE_INFINITY;
  for (let index = from; index < to; index += 1) {
    const unit = units[index];
    if (unit === undefined) continue;
    width += unit.width + (unit.spaceBefore ? 1 : 0);
    if (width > maxWidth) {
      lines += 1;
      width = unit.width;
    }
  }
  return lines;
}

/** Where lines end, and what that costs. */
interface Setting {
  readonly cost: number;
  readonly edges: readonly number[];
}

/**
 * The range as the fewest lines that hold it, broken where it costs least: after a sign, before a conjunction or preposition, lines of
 * like length, no word alone on a line of its own when it can be helped. Never inside a unit.
 */
export function breakLines(range: UnitRange, maxWidth: number): string[] {
  const { units, costs, from, to } = range;
  const count = countLines(range, maxWidth);
  if (count <= 1) return [lineText(units, from, to)];
  const ideal = widthBetween(range, from, to) / count;
  const many = to - from > count + 1;

  const lineCost = (start: number, end: number): number => {
    const width = widthBetween(range, start, end);
    const overlong = width > maxWidth ? OVERLONG * (end - start - 1) + width : 0;
    const orphan = many && end - start === 1 && width < ideal ? ORPHAN : 0;
    return overlong + orphan + ((width - ideal) / maxWidth) ** 2 * UNEVEN;
  };

  const known = new Map<number, Setting>();
  /** Cheapest lines for units [start, to). */
  const cheapest = (start: number, lines: number): Setting => {
    if (lines === 1) return { cost: lineCost(start, to), edges: [to] };
    const key = start * count + lines;
    const found = known.get(key);
    if (found !== undefined) return found;
    let best: Setting | undefined;
    for (let end = start + 1; end <= to - lines + 1; end += 1) {
      const rest = cheapest(end, lines - 1);
      const cost = lineCost(start, end) + (costs[end - 1] ?? 0) + rest.cost;
      if (best === undefined || cost < best.cost) best = { cost, edges: [end, ...rest.edges] };
      if (widthBetween(range, start, end) > maxWidth) break;
    }
    const setting = best ?? { cost: lineCost(start, to), edges: [to] };
    known.set(key, setting);
    return setting;
  };
  const { edges } = cheapest(from, count);
  return edges.map((end, index) => lineText(units, edges[index - 1] ?? from, end));
}
