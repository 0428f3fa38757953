import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openRegistry } from '../../shared/models/registry/open-registry.ts';
import { CACHE_MODELS_LINE, SET_FLAGS } from './command-line.ts';

describe('the flags of cache-models', () => {
  const registry = openRegistry(join(import.meta.dirname, '../../config'), '/nowhere');

  it('are the sets of the registry', () => {
    expect(Object.keys(SET_FLAGS).sort()).toEqual([...registry.sets.keys()].sort());
  });

  it('show models in their examples that there are', () => {
    const named = CACHE_MODELS_LINE['cache-models'].examples.flatMap(([command]) =>
      [...command.matchAll(/--model (\S+)/g)].map(([, id]) => id as string),
    );
    expect(named.length).toBeGreaterThan(0);
    for (const id of named) expect(registry.model(id).entry.id).toBe(id);
  });
});
