import { textWidth } from '../util/text-width.ts';

/** What is never parted: a word with its punctuation. */
export interface Unit {
  readonly text: string;
  /** A space stands between it and the unit before. */
  readonly spaceBefore: boolean;
  readonly width: number;
}

/** Scripts written without spaces between words. */
const UNSPACED =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;
const OPENING = /^[\p{Ps}\p{Pi}]+$/u;

const segmenters = new Map<string, Intl.Segmenter>();
function segmenterFor(language: string): Intl.Segmenter {
  const known = segmenters.get(language);
  if (known !== undefined) return known;
  const made = new Intl.Segmenter(language, { granularity: 'word' });
  segmenters.set(language, made);
  return made;
}

/** Words of a run without spaces; signs stay with the word before, opening brackets and quotes with the word after. */
function splitUnspaced(run: string, language: string): string[] {
  const words: string[] = [];
  let carried = '';
  for (const { segment, isWordLike } of segmenterFor(language).segment(run)) {
    const opens = OPENING.test(segment);
    if (opens || (carried !== '' && isWordLike !== true)) carried += segment;
    else if (isWordLike === true || words.length === 0) {
      words.push(carried + segment);
      carried = '';
    } else words.push(`${words.pop()}${segment}`);
  }
  if (carried !== '') words.push(`${words.pop() ?? ''}${carried}`);
  return words;
}

/**
 * Units of one utterance in reading order: between spaces, and for scripts without spaces where Unicode's word rules allow it.
 * A no-break space does not part. `text` must be clean (see cleanText). Joining the units with their spaces gives the text back.
 */
export function splitUnits(text: string, language: string): Unit[] {
  const units: Unit[] = [];
  for (const run of text.split(' ')) {
    if (run === '') continue;
    const words = UNSPACED.test(run) ? splitUnspaced(run, language) : [run];
    for (const [index, word] of words.entries())
      units.push({ text: word, spaceBefore: index === 0 && units.length > 0, width: textWidth(word) });
  }
  return units;
}
