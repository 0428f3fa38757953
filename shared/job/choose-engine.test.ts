import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { EngineDefinition, EngineLanguages, Licence } from '../contract/engine.ts';
import type { EnvironmentState } from '../contract/environment.ts';
import type { Role } from '../contract/roles/index.ts';
import {
  type Candidate,
  chooseEngine,
  doesLanguage,
  type EngineWish,
  explainNone,
  languageNames,
} from './choose-engine.ts';

interface Sketch {
  readonly rank?: number;
  readonly state?: EnvironmentState;
  readonly languages?: EngineLanguages;
  readonly commercial?: Licence['commercial'];
  readonly role?: Role;
  readonly voices?: EngineDefinition['voices'];
}

function candidate(name: string, sketch: Sketch = {}): Candidate {
  const {
    rank = 10,
    state = 'ready',
    languages = [['en', 'es']],
    commercial = 'yes',
    role = 'translate',
    voices,
  } = sketch;
  const definition: EngineDefinition = {
    role,
    name,
    version: '1',
    rank,
    environment: `${name}-environment`,
    worker: 'worker.py',
    languages,
    params: z.object({}),
    models: () => [],
    resources: { resident: { ramMiB: 1, vramMiB: 0 }, active: { cpu: 1 }, threads: 'fixed' },
    determinism: 'exact',
    batch: 1,
    network: 'none',
    licence: {
      code: 'MIT',
      weights: commercial === 'no' ? 'CC-BY-NC-4.0' : commercial === 'unstated' ? 'unstated' : 'MIT',
      commercial,
    },
    worth: '',
    weakness: 'gist only',
    ...(voices !== undefined && { voices }),
  };
  return { id: `${role}/${name}`, definition, state };
}
const wish = (change: Partial<EngineWish> = {}): EngineWish => ({
  role: 'translate',
  language: ['en', 'es'],
  commercial: false,
  ...change,
});
const choose = (candidates: readonly Candidate[], change: Partial<EngineWish> = {}) => {
  const choice = chooseEngine(candidates, wish(change));
  return (
    choice && { chosen: choice.chosen.id, others: Object.fromEntries(choice.others.map(({ id, why }) => [id, why])) }
  );
};
const failure = (make: () => unknown): { code: string; message: string; why: string } => {
  try {
    const made = make();
    throw made instanceof Error ? made : new Error('nothing was thrown');
  } catch (error) {
    const { code, message, details } = error as { code: string; message: string; details: { why: string } };
    return { code, message, why: details?.why };
  }
};

describe('the engine of a role', () => {
  it('is the one of lower rank among those that are ready; the other is called a fallback with its weakness', () => {
    expect(choose([candidate('old', { rank: 50 }), candidate('new', { rank: 10 })])).toEqual({
      chosen: 'translate/new',
      others: { 'translate/old': 'is the fallback of new: gist only' },
    });
  });

  it('is one that is ready before a better one that is not, and says so', () => {
    const found = choose([candidate('old', { rank: 50 }), candidate('new', { rank: 10, state: 'missing' })]);
    expect(found?.chosen).toBe('translate/old');
    expect(found?.others['translate/new']).toBe('is better, but its environment new-environment is missing');
  });

  it('is the better one when none is ready: the run makes its environment', () => {
    const both = [candidate('old', { rank: 50, state: 'missing' }), candidate('new', { rank: 10, state: 'broken' })];
    expect(choose(both)?.chosen).toBe('translate/new');
  });

  it('does not depend on the order in which engines were found', () => {
    const both = [candidate('b'), candidate('a')];
    expect(choose(both)?.chosen).toBe('translate/a');
    expect(choose([...both].reverse())?.chosen).toBe('translate/a');
  });

  it('is never one of another role, another language, or without an environment for this machine', () => {
    const others = [
      candidate('voice', { role: 'synthesize', languages: ['es'] }),
      candidate('french', { languages: [['en', 'fr']] }),
      candidate('mac', { state: 'unsupported' }),
    ];
    expect(choose(others)).toBeUndefined();
    expect(choose([...others, candidate('spanish', { rank: 99 })])).toEqual({
      chosen: 'translate/spanish',
      others: { 'translate/french': 'does not do en -> es', 'translate/mac': 'has no environment for this platform' },
    });
  });

  it('is the one that was asked for, whatever its rank and state', () => {
    const found = choose([candidate('old', { rank: 50, state: 'missing' }), candidate('new')], { engine: 'old' });
    expect(found).toEqual({ chosen: 'translate/old', others: { 'translate/new': 'translate/old was asked for' } });
  });

  it('that nobody knows is a usage error with a suggestion and the names there are', () => {
    const found = failure(() => choose([candidate('moonshine'), candidate('pocketsphinx')], { engine: 'monshine' }));
    expect(found).toMatchObject({ code: 'ERR_ENGINE_UNKNOWN', why: 'Engines for translate: moonshine, pocketsphinx.' });
    expect(found.message).toContain('Did you mean moonshine?');
  });

  it('that was asked for and cannot is refused with the reason', () => {
    const engine = 'x';
    expect(failure(() => choose([candidate('x', { languages: [['en', 'fr']] })], { engine }))).toMatchObject({
      code: 'ERR_LANGUAGE_PAIR',
      why: 'It does not do en -> es.',
    });
    expect(failure(() => choose([candidate('x', { commercial: 'no' })], { engine, commercial: true }))).toMatchObject({
      code: 'ERR_ENGINE_LICENCE',
      why: 'It may not be used commercially (CC-BY-NC-4.0).',
    });
  });

  it('has the voice that was asked for', () => {
    const voices = [{ name: 'anna', language: 'es' }];
    const both = [
      candidate('plain', { role: 'synthesize', languages: ['es'] }),
      candidate('rich', { role: 'synthesize', languages: ['es'], rank: 50, voices }),
    ];
    expect(choose(both, { role: 'synthesize', language: 'es', voice: 'anna' })).toEqual({
      chosen: 'synthesize/rich',
      others: { 'synthesize/plain': 'has no voice anna' },
    });
  });
});

describe('--commercial', () => {
  const both = [candidate('neural', { commercial: 'unstated' }), candidate('rules', { rank: 50 })];

  it('passes over an engine whose licence forbids it or does not say', () => {
    expect(choose(both)?.chosen).toBe('translate/neural');
    expect(choose(both, { commercial: true })).toEqual({
      chosen: 'translate/rules',
      others: { 'translate/neural': 'has weights without a stated licence, so --commercial refuses it' },
    });
    expect(choose([candidate('x', { commercial: 'no' })], { commercial: true })).toBeUndefined();
  });

  it('with nothing left says which licence was in the way and what is within reach', () => {
    const pt = candidate('neural', { commercial: 'unstated', languages: [['en', 'pt-BR']] });
    const found = failure(() =>
      explainNone([pt, candidate('rules')], wish({ language: ['en', 'pt-BR'], commercial: true })),
    );
    expect(found).toMatchObject({ code: 'ERR_ENGINE_LICENCE' });
    expect(found.why).toContain('translate/neural has weights without a stated licence');
    expect(found.why).toContain('Within reach: en -> es.');
  });
});

describe('a language no engine does', () => {
  it('is said with the pairs within reach, each once', () => {
    const two = [
      candidate('a'),
      candidate('b', {
        languages: [
          ['en', 'es'],
          ['pt-BR', 'en'],
        ],
      }),
    ];
    const found = failure(() => explainNone(two, wish({ language: ['en', 'hi'] })));
    expect(found).toMatchObject({ code: 'ERR_LANGUAGE_PAIR', message: 'No engine here can translate en -> hi.' });
    expect(found.why).toBe('Within reach for translate: en -> es, pt-BR -> en.');
  });

  it('lists at most two dozen', () => {
    const many = Array.from({ length: 30 }, (_, at) => `l${String(at).padStart(2, '0')}`);
    const found = failure(() =>
      explainNone([candidate('x', { role: 'asr', languages: many })], wish({ role: 'asr', language: 'hi' })),
    );
    expect(found.why).toMatch(/l23 and 6 more\.$/);
  });

  it('says when there is nothing at all', () => {
    expect(failure(() => explainNone([], wish())).why).toBe('Within reach for translate: nothing.');
  });

  it('is told apart from a voice nobody has', () => {
    const voices = [{ name: 'anna', language: 'es' }];
    const rich = candidate('rich', { role: 'synthesize', languages: ['es'], voices });
    const found = failure(() => explainNone([rich], wish({ role: 'synthesize', language: 'es', voice: 'ana' })));
    expect(found).toMatchObject({ code: 'ERR_USAGE', why: 'Voices for es: anna.' });
    expect(found.message).toContain('Did you mean anna?');
  });
});

describe('the languages of an engine', () => {
  it('cover their regions, and not the other way round', () => {
    const english = candidate('x', { languages: ['en'] }).definition;
    expect(doesLanguage(english, 'en-GB')).toBe(true);
    expect(doesLanguage(english, 'eng')).toBe(false);
    expect(doesLanguage(candidate('x', { languages: ['pt-BR'] }).definition, 'pt')).toBe(false);
    const pairs = candidate('x').definition;
    expect(doesLanguage(pairs, ['en-GB', 'es-MX'])).toBe(true);
    expect(doesLanguage(pairs, ['es', 'en'])).toBe(false);
    expect(doesLanguage(pairs, 'en')).toBe(false);
    expect(doesLanguage(english, ['en', 'en'])).toBe(false);
    expect(doesLanguage(candidate('x', { languages: 'any' }).definition, ['a', 'b'])).toBe(true);
    expect(doesLanguage(pairs, null)).toBe(true);
  });

  it('are shown as people write them', () => {
    expect(languageNames(candidate('x').definition)).toEqual(['en -> es']);
    expect(languageNames(candidate('x', { languages: 'any' }).definition)).toEqual(['any language']);
  });
});
