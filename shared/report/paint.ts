const CODES = { red: 31, green: 32, yellow: 33, dim: 2 } as const;

export type Colour = keyof typeof CODES;
export type Paint = (colour: Colour, text: string) => string;

/** Colours a text, or leaves it alone when the output is not a terminal or NO_COLOR is set. */
export const createPaint = (enabled: boolean): Paint =>
  enabled ? (colour, text) => `\u001b[${CODES[colour]}m${text}\u001b[0m` : (_, text) => text;
