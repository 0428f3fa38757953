import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { environmentOf, loadEnvironmentSpecs } from './specs.ts';

const projectConfig = resolve(import.meta.dirname, '../../config');

describe('the environments of this project', () => {
  const table = loadEnvironmentSpecs(projectConfig);
  const locks = [...table.values()].flatMap(({ spec, dir }) =>
    spec.kind === 'uv' ? Object.values(spec.locks).map((file) => join(dir, file)) : [],
  );

  test('all load', () => {
    expect(table.size).toBeGreaterThanOrEqual(9);
  });

  test('every requirement of every lock is pinned and has a hash', () => {
    for (const lock of [...locks, join(projectConfig, 'environments', 'uv.lock')]) {
      const requirements = readFileSync(lock, 'utf8')
        .replace(/\\\n/g, ' ')
        .split('\n')
        .filter((line) => line !== '' && !line.trimStart().startsWith('#'));
      expect(requirements.length).toBeGreaterThan(0);
      for (const line of requirements) expect(line).toMatch(/^[a-z0-9][\w.-]*==\S+( +--hash=sha256:[0-9a-f]{64})+ *$/);
    }
  });

  test('no lock holds an address, an option or a local path', () => {
    for (const lock of [...locks, join(projectConfig, 'environments', 'uv.lock')]) {
      expect(readFileSync(lock, 'utf8')).not.toMatch(/https?:|file:|--(?!hash)|@ |(^|\s)\//m);
    }
  });
});

describe('a config folder', () => {
  let config: string;
  const write = (id: string, content: string) => {
    mkdirSync(join(config, 'environments', id), { recursive: true });
    writeFileSync(join(config, 'environments', id, 'environment.json'), content);
  };
  const spec = { schema: 'environment/1', id: 'one', kind: 'node', purpose: 'test', packages: ['zod'] };

  beforeEach(() => {
    config = mkdtempSync(join(tmpdir(), 'specs-'));
  });
  afterEach(() => rmSync(config, { recursive: true }));

  test.each([
    ['is not JSON', '{'],
    ['lacks a field', JSON.stringify({ ...spec, packages: undefined })],
    ['has another id than its folder', JSON.stringify({ ...spec, id: 'two' })],
  ])('with a file that %s is refused by the name of the file', (_, content) => {
    write('one', content);
    expect(() => loadEnvironmentSpecs(config)).toThrow(
      expect.objectContaining({ code: 'ERR_CONFIG_INVALID', message: expect.stringContaining('one/environment.json') }),
    );
  });

  test('names the environments there are when another is asked for', () => {
    write('one', JSON.stringify(spec));
    expect(() => environmentOf(loadEnvironmentSpecs(config), 'two')).toThrow(
      expect.objectContaining({ details: { why: 'config/environments has one.' } }),
    );
  });
});
