/**
 * Players and converters take `<i>`, `{\an8}` and `\N` for markup even in formats that do not have it or cannot escape it (ffmpeg does,
 * tried with 5.1). An invisible word joiner (U+2060) after the sign keeps such text on the screen as it was said.
 */
export const protectText = (line: string): string => line.replace(/<(?=[\p{L}/!])|\{(?=\\)|\\(?=[Nnh])/gu, '$&\u2060');

/** The text as it was before protectText. */
export const unprotectText = (line: string): string => line.replace(/([<{\\])\u2060/g, '$1');
