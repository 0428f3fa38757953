/** The words of a text as printed, punctuation attached; the unit that gets times. */
export const splitWords = (text: string): readonly string[] => text.split(/\s+/u).filter((word) => word !== '');
