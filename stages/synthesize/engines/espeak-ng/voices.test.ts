import { describe, expect, it } from 'vitest';
import { Language } from '../../../../shared/contract/language.ts';
import { languageCode, languageTags } from '../../../../shared/util/languages.ts';
import { engine } from './engine.ts';
import { FIRST_VOICE } from './voices.ts';

describe('espeak-ng', () => {
  it('speaks the languages that the project says it speaks, with the voices it names', () => {
    const table = languageTags().flatMap((tag) => {
      const voice = languageCode(tag, 'espeak');
      return voice === undefined ? [] : [[tag, voice] as const];
    });
    expect([...FIRST_VOICE].sort()).toEqual([...table].sort());
  });

  it('has voices for Brazilian Portuguese, Spanish and Hindi, and none of MBROLA', () => {
    expect(['pt-BR', 'es', 'hi'].map((tag) => FIRST_VOICE.get(tag))).toEqual(['pt-br', 'es', 'hi']);
    expect(engine.voices?.filter(({ name }) => name.startsWith('mb'))).toEqual([]);
  });

  it('names every language as a tag', () => {
    for (const { language } of engine.voices ?? []) expect(() => Language.parse(language)).not.toThrow();
  });
});
