export interface WordErrors {
  /** Words of the reference. */
  readonly words: number;
  /** Substituted, missing and extra words: the least number of changes that turns one text into the other. */
  readonly errors: number;
  /** errors / words; NaN for an empty reference. */
  readonly rate: number;
}

/** Words without case and signs: NFKC, apostrophes inside a word kept, hyphens taken as spaces. */
export function spokenWords(text: string): readonly string[] {
  const plain = text.normalize('NFKC').toLowerCase().replace(/[’ʼ]/g, "'");
  return plain.match(/[\p{L}\p{M}\p{N}]+(?:'[\p{L}\p{M}\p{N}]+)*/gu) ?? [];
}

/** Word error rate of what was heard against what was said. */
export function wordErrors(said: string, heard: string): WordErrors {
  const reference = spokenWords(said);
  const answer = spokenWords(heard);
  let row = Array.from({ length: answer.length + 1 }, (_, index) => index);
  for (const [index, expected] of reference.entries()) {
    const next = [index + 1];
    for (const [at, word] of answer.entries())
      next.push(Math.min((next[at] ?? 0) + 1, (row[at + 1] ?? 0) + 1, (row[at] ?? 0) + (word === expected ? 0 : 1)));
    row = next;
  }
  const errors = row.at(-1) ?? 0;
  return { words: reference.length, errors, rate: errors / reference.length };
}
