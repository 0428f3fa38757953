import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { resolveSettings } from './settings.ts';

const config = JSON.parse(readFileSync(new URL('../../config/default.json', import.meta.url), 'utf8')) as Record<
  string,
  unknown
>;
const settings = (env: Readonly<Record<string, string>> = {}) => resolveSettings(config, env, '/project');

describe('settings', () => {
  it('come from config/default.json, with roots relative to the project', () => {
    const { roots, limits, timeouts } = settings();
    expect(roots).toMatchObject({
      objects: '/project/.cache/objects',
      out: '/project/out',
      models: ['/project/.cache/models'],
    });
    expect(limits).toEqual({ cpus: 0, ramMiB: 0 });
    expect(timeouts.workerHello).toBe(60);
  });

  it('are overruled by variables, one at a time', () => {
    const { roots, limits, timeouts } = settings({
      BABELREEL_ROOTS_OBJECTS: '/big/objects',
      BABELREEL_ROOTS_OUT: 'elsewhere/out',
      BABELREEL_LIMITS_CPUS: '3',
      BABELREEL_LIMITS_RAM_MIB: '4096',
      BABELREEL_TIMEOUTS_WORKER_HELLO: '0.5',
    });
    expect(roots).toMatchObject({
      objects: '/big/objects',
      out: '/project/elsewhere/out',
      records: '/project/.cache/records',
    });
    expect(limits).toEqual({ cpus: 3, ramMiB: 4096 });
    expect(timeouts).toMatchObject({ workerHello: 0.5, workerLoad: 600 });
  });

  it('take several model roots, the first being the one that is written', () => {
    expect(settings({ BABELREEL_ROOTS_MODELS: 'mine:/shared/models' }).roots.models).toEqual([
      '/project/mine',
      '/shared/models',
    ]);
  });

  it('take an empty variable for none: an empty root would be the project itself', () => {
    expect(settings({ BABELREEL_ROOTS_SCRATCH: '', BABELREEL_LIMITS_CPUS: '' })).toEqual(settings());
  });

  it('can each be set by a variable of its own', () => {
    const numbers = ['limits', 'timeouts'].flatMap((part) =>
      Object.keys(config[part] as object).map((name) => [part, name] as const),
    );
    expect(numbers.length).toBeGreaterThan(6);
    for (const [part, name] of numbers) {
      const words = name === 'ramMiB' ? 'RAM_MIB' : name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
      const changed = settings({ [`BABELREEL_${part.toUpperCase()}_${words}`]: '7' });
      expect((changed as unknown as Record<string, Record<string, number>>)[part]?.[name]).toBe(7);
    }
  });

  it.each(['many', '-1', 'NaN', 'Infinity'])('refuse %s as a number and name the variable', (value) => {
    expect(() => settings({ BABELREEL_LIMITS_CPUS: value })).toThrow(
      expect.objectContaining({
        code: 'ERR_CONFIG_INVALID',
        details: expect.objectContaining({
          why: expect.stringContaining('BABELREEL_LIMITS_CPUS'),
          fix: ['unset BABELREEL_LIMITS_CPUS'],
        }),
      }),
    );
  });
});
