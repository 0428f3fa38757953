/** Controls, direction overrides and lone surrogates: what could move the cursor or make a line read as another one. */
const UNSAFE = /[\p{Cc}\p{Cs}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu;

/** One safe line of foreign text: a control character is shown as `\n`, `\t` or `\x1b`, never sent to a terminal. */
export const escapeText = (text: string): string =>
  text.replace(UNSAFE, (sign) => {
    if (sign === '\n') return '\\n';
    if (sign === '\t') return '\\t';
    const code = sign.charCodeAt(0);
    return code < 256 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`;
  });

/** Each line of a text made safe; empty lines are left out. */
export const escapeLines = (text: string): string[] =>
  text
    .split(/\r?\n/)
    .map((line) => escapeText(line.trimEnd()))
    .filter((line) => line !== '');
