import { expect, test } from 'vitest';
import { z } from 'zod';
import type { EngineDefinition } from '../../shared/contract/engine.ts';
import type { EnvironmentState } from '../../shared/contract/environment.ts';
import type { Candidate } from '../../shared/job/choose-engine.ts';
import type { ListedModel } from '../../shared/models/registry/open-registry.ts';
import { environmentIsReady, neededByEngines } from './engine-needs.ts';

function candidate(name: string, more: Partial<EngineDefinition>, state: EnvironmentState = 'ready'): Candidate {
  const definition = {
    role: 'translate',
    name,
    rank: 10,
    languages: [['en', 'es']],
    params: z.object({ source: z.string(), target: z.string() }),
    models: () => [`translate.${name}`],
    licence: { code: 'MIT', weights: 'MIT', commercial: 'yes' },
    ...more,
  } as unknown as EngineDefinition;
  return { id: `${definition.role}/${name}`, definition, state };
}

test('of two engines for a pair the models of the chosen one are needed, and each pair has its own', () => {
  const needs = neededByEngines([
    candidate('small', { rank: 10 }),
    candidate('large', {
      rank: 20,
      languages: [
        ['en', 'es'],
        ['en', 'hi'],
      ],
      models: (params: unknown) => [`translate.large.${(params as { target: string }).target}`],
    }),
  ]);
  expect([...needs].sort()).toEqual(
    [
      ['translate/large', ['translate.large.hi']],
      ['translate/small', ['translate.small']],
    ].sort(),
  );
});

test('an engine without models needs none', () => {
  expect(neededByEngines([candidate('rules', { models: () => [] })]).size).toBe(0);
});

test('an environment counts as ready when one engine that can load the model is, or none is part of this version', () => {
  const ready = environmentIsReady([candidate('a', {}, 'missing'), candidate('b', {}, 'ready')]);
  const model = (...engines: readonly string[]) => ({ entry: { engines } }) as unknown as ListedModel;
  expect(ready(model('a'))).toBe(false);
  expect(ready(model('a', 'b'))).toBe(true);
  expect(ready(model('whisperx'))).toBe(true);
});
