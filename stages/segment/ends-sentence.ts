/** Titles and shortenings that always have more to come; lower case, without the final stop. */
const TITLES = new Set(
  'mr mrs ms dr prof st mt jr sr gen col capt lt sgt rev hon gov sen rep pres messrs vs dept approx fig vol sra dna srta'.split(
    ' ',
  ),
);
const OPENERS = `"'“‘«([¿¡-–—`;
const END_MARK = /([.!?…]+|[。！？।؟]+)["'”’»)\]]*$/u;
/** U.S., a.m., e.g. */
const DOTTED = /^[^\p{L}\p{N}]*(?:\p{L}\.){2,}$/u;
/** A sentence that ends with such a word is told apart by the breath behind it. */
const BREATH_MS = 350;

/**
 * True when a sentence ends between two words of a text, judged by the words and the silence between them, in milliseconds. Stops of
 * titles, initials and numbers do not end one; neither does a mark in front of a small letter (`"Really?" he asked`).
 */
export function endsSentence(word: string, next: string, gapMs: number): boolean {
  const mark = END_MARK.exec(word)?.[1];
  if (mark === undefined) return false;
  if (/^[。！？।؟]/u.test(mark)) return true;
  const following = [...next].find((character) => !OPENERS.includes(character)) ?? '';
  if (/\p{Ll}/u.test(following)) return false;
  if (mark !== '.') return true;
  const bare = word.replace(/^[^\p{L}\p{N}]+/u, '').replace(END_MARK, '');
  if (TITLES.has(bare.toLowerCase())) return false;
  if (/^\p{Lu}$/u.test(bare) && bare !== 'I') return false;
  if (/^no$/i.test(bare) && /^\d/.test(following)) return false;
  return DOTTED.test(word) ? gapMs >= BREATH_MS : true;
}
