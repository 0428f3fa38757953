import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { EnvironmentSpec } from '../contract/environment.ts';
import { ensureEnvironments } from './ensure.ts';
import { installSystem, type SystemTools } from './install-system.ts';

describe('system packages', () => {
  let dir: string;
  const log = () => (existsSync(join(dir, 'log')) ? readFileSync(join(dir, 'log'), 'utf8').trim().split('\n') : []);
  /** A stand-in for apt-get that writes down its arguments, without its options, and ends as told. */
  const tools = (body = 'exit 0', more: Partial<SystemTools> = {}): SystemTools => {
    const aptGet = join(dir, 'apt-get');
    writeFileSync(aptGet, `#!/bin/sh\nshift 2\necho "$@" >> '${dir}/log'\n${body}\n`);
    chmodSync(aptGet, 0o755);
    return { aptGet, dpkg: undefined, isRoot: true, hasLists: () => true, ...more };
  };
  const install = (systemTools: SystemTools, offline = false) =>
    installSystem({ packages: ['a', 'b'], offline, onMessage: () => {}, env: {}, tools: systemTools });

  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'apt-'));
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  test('are installed with one call when the lists are there', async () => {
    await install(tools());
    expect(log()).toEqual(['install -y --no-install-recommends a b']);
  });

  test('are preceded by the lists where there are none', async () => {
    await install(tools('exit 0', { hasLists: () => false }));
    expect(log()).toEqual(['update', 'install -y --no-install-recommends a b']);
  });

  test('are tried again with fresh lists after a failure', async () => {
    await install(tools('[ "$1" = update ] && touch "$0.fresh"; [ -e "$0.fresh" ]'));
    expect(log().map((line) => line.split(' ')[0])).toEqual(['install', 'update', 'install']);
  });

  test('that no mirror can give are an offline failure with the line to type', async () => {
    const failing = install(tools('echo "E: Temporary failure resolving mirror" >&2; exit 100'));
    await expect(failing).rejects.toMatchObject({
      code: 'ERR_OFFLINE',
      details: { fix: ['sudo apt-get install -y a b'] },
    });
  });

  test('are never fetched by a plain user or when offline', async () => {
    await expect(install(tools('exit 0', { isRoot: false }))).rejects.toMatchObject({ code: 'ERR_SYSTEM_PACKAGE' });
    await expect(install(tools(), true)).rejects.toMatchObject({ code: 'ERR_OFFLINE' });
    expect(log()).toEqual([]);
  });

  test('of several environments come in one line, each package once', async () => {
    const spec = (id: string, packages: string[]): EnvironmentSpec => ({
      schema: 'environment/1',
      id,
      kind: 'system',
      purpose: 'test',
      packages,
      programs: ['sh'],
      files: [],
    });
    const specs = [spec('one', ['no-such-a', 'no-such-b', 'dpkg']), spec('two', ['no-such-b', 'no-such-c'])];
    const outcomes = await ensureEnvironments(['one', 'two'], {
      table: new Map(specs.map((one) => [one.id, { spec: one, dir }])),
      places: { projectDir: dir, roots: { environments: join(dir, 'environments'), packages: dir } },
      systemTools: tools('exit 0', { isRoot: false }),
    });
    for (const { failure } of outcomes) {
      expect(failure?.code).toBe('ERR_SYSTEM_PACKAGE');
      expect(failure?.details.fix).toEqual(['sudo apt-get install -y no-such-a no-such-b no-such-c']);
    }
  });
});
