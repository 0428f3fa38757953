import type { SubtitleProfile } from '../contract/cue.ts';
import type { Utterance } from '../contract/utterance.ts';

export const PROFILE: SubtitleProfile = {
  schema: 'profile/1',
  id: 'test',
  purpose: 'tests',
  languages: [],
  maxLines: 2,
  maxCharactersPerLine: 42,
  minDurationMs: 833,
  maxDurationMs: 7000,
  minGapMs: 83,
  maxCharactersPerSecond: 17,
};

/** An utterance without word times, as a translation is. */
export const translated = (text: string, startMs: number, endMs: number, language = 'en'): Utterance => ({
  id: `${startMs}-${text.slice(0, 8)}`,
  startMs,
  endMs,
  language,
  text,
  words: [],
  estimated: false,
});

/** An utterance whose words are said one after another, `wordMs` each. */
export function spoken(text: string, startMs: number, wordMs = 300): Utterance {
  const words = text.split(' ').map((word, index) => ({
    text: word,
    startMs: startMs + index * wordMs,
    endMs: startMs + (index + 1) * wordMs - 20,
    estimated: false,
  }));
  return { ...translated(text, startMs, words.at(-1)?.endMs ?? startMs), words };
}
