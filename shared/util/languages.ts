import table from '../../config/languages.json' with { type: 'json' };
import { editDistance } from './nearest.ts';

/** Names of one language in the engines' own terms; absent: that family does not do it. */
export interface LanguageCodes {
  readonly whisper?: string;
  readonly flores?: string;
  /** Voice name of espeak-ng. */
  readonly espeak?: string;
  /** ISO 639-3, as in the names of apertium's pairs. */
  readonly apertium?: string;
}

export type LanguageFamily = keyof LanguageCodes;

export interface LanguageEntry {
  /** In English: `Portuguese (Brazil)`. */
  readonly name: string;
  /** Terminological ISO 639-2 code for MKV and MP4 (`deu`, not `ger`); the ISO 639-3 code where 639-2 has none. */
  readonly iso639_2: string;
  /** ISO 15924: `Latn`, `Deva`. */
  readonly script: string;
  readonly direction: 'ltr' | 'rtl';
  readonly codes: LanguageCodes;
}

const languages: ReadonlyMap<string, LanguageEntry> = new Map(
  Object.entries(table.languages as unknown as Readonly<Record<string, LanguageEntry>>),
);
const byLowerCase: ReadonlyMap<string, string> = new Map([...languages.keys()].map((tag) => [tag.toLowerCase(), tag]));

/** All tags of config/languages.json, sorted. */
export const languageTags = (): readonly string[] => [...languages.keys()];

/** The entry of a canonical tag; undefined when the table does not have it. */
export const findLanguage = (tag: string): LanguageEntry | undefined => languages.get(tag);

/** `PT-br`, `pt_BR` -> `pt-BR`; `pt` stays `pt`: a region is never guessed. Undefined when the table does not have it. */
export const canonicalLanguage = (input: string): string | undefined =>
  byLowerCase.get(input.trim().replaceAll('_', '-').toLowerCase());

/** Three letters for container tags; `und` for a language that the table does not have. */
export const iso639_2 = (tag: string): string => languages.get(tag)?.iso639_2 ?? 'und';

/** What an engine family calls the language; undefined when it does not do it. */
export const languageCode = (tag: string, family: LanguageFamily): string | undefined =>
  languages.get(tag)?.codes[family];

/**
 * The tag a person most likely meant: an English name (`hindi`), a three-letter code (`hin`), a tag with an unknown region (`de-LU`) or a
 * mistyped tag or name. Undefined when nothing is near: at most one letter in three may differ.
 */
export function suggestLanguage(input: string): string | undefined {
  const asked = input.trim().replaceAll('_', '-').toLowerCase();
  if (asked === '') return undefined;
  const known = byLowerCase.get(asked);
  if (known !== undefined) return known;
  const entries = [...languages];
  const named = entries.find(([, entry]) => entry.name.toLowerCase() === asked || entry.iso639_2 === asked);
  if (named !== undefined) return named[0];
  const parent = byLowerCase.get(asked.split('-')[0] ?? '');
  if (asked.includes('-') && parent !== undefined) return parent;

  let best: { readonly tag: string; readonly distance: number } | undefined;
  for (const [tag, entry] of entries) {
    const distance = Math.min(editDistance(asked, tag.toLowerCase()), editDistance(asked, entry.name.toLowerCase()));
    if (distance <= asked.length / 3 && (best === undefined || distance < best.distance)) best = { tag, distance };
  }
  return best?.tag;
}
