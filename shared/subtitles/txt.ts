import type { Utterance } from '../contract/utterance.ts';
import { cleanText } from './clean-text.ts';

/** One utterance a line, in order, `speaker: ` before it where speakers are known. No utterances: an empty text. */
export const writeTxt = (utterances: readonly Utterance[]): string =>
  utterances
    .map(({ speaker, text }) => ({ speaker, text: cleanText(text) }))
    .filter(({ text }) => text !== '')
    .map(({ speaker, text }) => `${speaker === undefined ? '' : `${cleanText(speaker)}: `}${text}\n`)
    .join('');
