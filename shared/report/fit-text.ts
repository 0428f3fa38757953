import { textWidth } from '../util/text-width.ts';

const graphemes = new Intl.Segmenter('und', { granularity: 'grapheme' });

/** The text in at most `columns` columns; a shortened one ends in `…`. */
export function fitText(text: string, columns: number): string {
  if (textWidth(text) <= columns) return text;
  let kept = '';
  let width = 0;
  for (const { segment } of graphemes.segment(text)) {
    width += textWidth(segment);
    if (width > columns - 1) break;
    kept += segment;
  }
  return columns < 1 ? '' : `${kept.trimEnd()}…`;
}

/** The text followed by spaces up to `columns`; a longer one is left as it is. */
export const padText = (text: string, columns: number): string =>
  text + ' '.repeat(Math.max(0, columns - textWidth(text)));
