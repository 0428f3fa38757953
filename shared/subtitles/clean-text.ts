/** Controls, the byte-order mark, noncharacters and the two direction overrides, which can make a line read as another one. */
const UNWANTED = /[\p{Cc}\u202d\u202e\ufeff\ufff9-\uffff]/gu;
const BREAKS = /[\t\n\v\f\r\u0085\u2028\u2029]/g;

/** Most text has none of it, and then one look replaces five passes. */
const DIRTY = /[\p{Cc}\u2028\u2029\u202d\u202e\ufeff\ufff9-\uffff\p{Cs}]| {2}|^ | $/u;

/**
 * Text fit for a subtitle: line breaks become spaces, control characters go, runs of spaces become one, lone surrogates become U+FFFD.
 * Joiners, direction marks and no-break spaces stay: scripts need them.
 */
export const cleanText = (text: string): string =>
  DIRTY.test(text)
    ? text.toWellFormed().replace(BREAKS, ' ').replace(UNWANTED, '').replace(/ {2,}/g, ' ').replace(/^ | $/g, '')
    : text;
