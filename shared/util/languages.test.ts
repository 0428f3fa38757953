import { expect, test } from 'vitest';
import { Language } from '../contract/language.ts';
import {
  canonicalLanguage,
  findLanguage,
  iso639_2,
  type LanguageFamily,
  languageCode,
  languageTags,
  suggestLanguage,
} from './languages.ts';

const entries = () => languageTags().map((tag) => ({ tag, entry: findLanguage(tag) }));

test('every tag of the table is a canonical language tag and stands there once, in order', () => {
  const tags = languageTags();
  expect(tags.length).toBeGreaterThan(250);
  for (const tag of tags) expect(Language.safeParse(tag).success, tag).toBe(true);
  expect([...tags].sort()).toEqual(tags);
  expect(new Set(tags.map((tag) => tag.toLowerCase())).size).toBe(tags.length);
});

test('every entry has a name, a three-letter code, a script, a direction and at least one engine family', () => {
  for (const { tag, entry } of entries()) {
    expect(entry?.name, tag).toMatch(/\p{L}{2}/u);
    expect(entry?.iso639_2, tag).toMatch(/^[a-z]{3}$/);
    expect(entry?.script, tag).toMatch(/^[A-Z][a-z]{3}$/);
    expect(entry?.direction, tag).toBe(/^(Arab|Hebr)$/.test(entry?.script ?? '') ? 'rtl' : 'ltr');
    expect(Object.keys(entry?.codes ?? {}).length, tag).toBeGreaterThan(0);
  }
  const names = entries().map(({ entry }) => entry?.name);
  expect(new Set(names).size).toBe(names.length);
});

test('all languages of Whisper and of NLLB are there', () => {
  const codes = (family: LanguageFamily) => new Set(languageTags().map((tag) => languageCode(tag, family)));
  expect([...codes('whisper')].filter((code) => code !== undefined)).toHaveLength(100);
  expect([...codes('flores')].filter((code) => code !== undefined)).toHaveLength(202);
  for (const code of codes('flores')) if (code !== undefined) expect(code).toMatch(/^[a-z]{3}_[A-Z][a-z]{3}$/);
});

test('codes are what each engine family calls the language', () => {
  expect(findLanguage('pt-BR')).toMatchObject({
    name: 'Portuguese (Brazil)',
    iso639_2: 'por',
    codes: { whisper: 'pt', flores: 'por_Latn', espeak: 'pt-br', apertium: 'por' },
  });
  expect(languageCode('zh-Hant', 'flores')).toBe('zho_Hant');
  expect(languageCode('jv', 'whisper')).toBe('jw');
  expect(languageCode('es-419', 'espeak')).toBe('es-419');
  expect(languageCode('gl', 'espeak')).toBeUndefined();
  expect(iso639_2('de')).toBe('deu');
  expect(iso639_2('xx')).toBe('und');
});

test('a tag is found whatever its case, and a region is never invented', () => {
  expect(canonicalLanguage('PT-br')).toBe('pt-BR');
  expect(canonicalLanguage(' zh_hans ')).toBe('zh-Hans');
  expect(canonicalLanguage('pt')).toBe('pt');
  expect(canonicalLanguage('klingonish')).toBeUndefined();
});

test('a name, a three-letter code, a foreign region or a slip of the finger leads to the tag that was meant', () => {
  expect(suggestLanguage('hindi')).toBe('hi');
  expect(suggestLanguage('Portugese')).toBe('pt');
  expect(suggestLanguage('deu')).toBe('de');
  expect(suggestLanguage('de-LU')).toBe('de');
  expect(suggestLanguage('en-UK')).toBe('en');
  expect(suggestLanguage('brazilian')).toBeUndefined();
  expect(suggestLanguage('')).toBeUndefined();
});
