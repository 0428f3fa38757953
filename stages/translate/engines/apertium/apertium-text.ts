export interface Translated {
  readonly text: string;
  /** Words that one of the programs marked as not known to it, in order, each once. */
  readonly unknownWords: readonly string[];
}

/** Characters that mean something in the programs' stream format. */
const RESERVED = /[[\]{}^$/\\@<>]/g;
const END = '[][\n]';

/**
 * One line of text in the stream format. Marks that the programs themselves use in front of words (`*`, `#`, `@`) are taken out of the
 * source, so that every one in the answer is theirs. A text without an end mark gets a full stop, without which the last word is often
 * analysed wrongly; `added` says so.
 */
export function toStream(text: string): { readonly stream: string; readonly added: boolean } {
  const line = text
    .replace(/<\/?[A-Za-z][^<>]*>/g, '')
    .replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ')
    .replace(/\*|(?<![\p{L}\p{N}])[#@]+(?=\p{L})/gu, '')
    .replace(/[‘’]/g, "'")
    .trim();
  const added = !/[.!?…:;][)"'”’\]]*$/u.test(line);
  return { stream: `${line.replace(RESERVED, '\\$&')}${added ? '.' : ''}${END}`, added };
}

/** Plain text and the marked words of an answer. */
export function fromStream(stream: string, added: boolean): Translated {
  const unknown = new Set<string>();
  const text = stream
    .replace(/(?<!\\)\[[^\]]*\]/g, ' ')
    .replace(/(?<![\p{L}\p{N}\\])[*#@](\p{L}[\p{L}\p{N}'-]*)/gu, (_mark, word: string) => {
      unknown.add(word);
      return word;
    })
    .replace(/\\(.)/g, '$1')
    .replace(/\s+/gu, ' ')
    .trim();
  return { text: added ? text.replace(/\.$/, '') : text, unknownWords: [...unknown] };
}
