import { sha256Hex } from '../../shared/util/digest.ts';

/** Letters and digits of a text in lower case: what two recognitions of the same sentence have in common. */
export const normalizeText = (text: string): string =>
  text
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[^\p{L}\p{M}\p{N}]+/gu, ' ')
    .trim();

/**
 * Gives each text of a film, in order, an id of 16 hex digits that does not depend on where it stands: the hash of its normalised text.
 * The second of equal texts also takes the text before it into the hash, and a counter if that is equal too.
 */
export function createUtteranceIds(): (text: string) => string {
  const given = new Set<string>();
  let previous = '';
  const idOf = (parts: readonly (string | number)[]): string => sha256Hex(parts.join('\n')).slice(0, 16);
  return (text) => {
    const own = normalizeText(text);
    let id = idOf([own]);
    for (let count = 1; given.has(id); count += 1) id = idOf(count === 1 ? [own, previous] : [own, previous, count]);
    given.add(id);
    previous = own;
    return id;
  };
}
