const MAX_BYTES = 200;

/**
 * A name for a file we write, made from a name we were given: NFC, no separators, no control or direction characters, no leading dot or
 * dash, at most 200 bytes of UTF-8 (so that a suffix still fits into 255). Never empty.
 */
export function safeName(given: string): string {
  const cleaned = given
    .replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, '')
    // What stood on both sides of an invisible character may belong together now.
    .normalize('NFC')
    .replace(/[/\\:*?"<>|%]/g, '_')
    .replace(/^[.\-\s]+/, '')
    .trim();
  let name = '';
  let bytes = 0;
  for (const character of cleaned) {
    bytes += Buffer.byteLength(character);
    if (bytes > MAX_BYTES) break;
    name += character;
  }
  name = name.replace(/[.\s]+$/, '');
  return name === '' ? 'film' : name;
}

/** A piece of a job id: lower-case ASCII letters, digits and dashes, at most 32. */
export function slug(given: string): string {
  const text = given
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 32)
    .replace(/-+$/, '');
  return text === '' ? 'film' : text;
}
