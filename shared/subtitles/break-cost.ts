import { functionWords } from './function-words.ts';
import type { Unit } from './split-units.ts';

const SENTENCE_END = /[.!?…。！？।؟]["'”’»)\]」』）]*$/u;
const CLAUSE_END = /[,;:–—、，；：،؛]["'”’»)\]」』）]*$/u;
const INITIAL = /^\p{Lu}\.$/u;

/** Costs in the order of published guidance: best after a sign, then before a conjunction or preposition, never after an article. */
const COST = { sentence: 0, clause: 1, before: 3, plain: 6, notLast: 14 } as const;

/** A word as the lists have it: lower case, without quotes and brackets around it. */
const bare = (text: string): string => text.toLowerCase().replace(/^[\p{Ps}\p{Pi}"'¿¡]+/u, '');

/**
 * What it costs to end a line after each unit but the last: 0 (a good place) to 14 (never gladly). Index i is the gap between unit i
 * and unit i + 1.
 */
export function breakCosts(units: readonly Unit[], language: string): number[] {
  const lists = functionWords(language);
  const costs: number[] = [];
  for (let index = 0; index + 1 < units.length; index += 1) {
    const here = units[index]?.text ?? '';
    const next = units[index + 1]?.text ?? '';
    const word = bare(here);
    if (lists.notLast.has(word) || INITIAL.test(here)) costs.push(COST.notLast);
    else if (SENTENCE_END.test(here)) costs.push(COST.sentence);
    else if (CLAUSE_END.test(here)) costs.push(COST.clause);
    else if (lists.before.has(word)) costs.push(COST.notLast);
    else costs.push(lists.before.has(bare(next)) ? COST.before : COST.plain);
  }
  return costs;
}
