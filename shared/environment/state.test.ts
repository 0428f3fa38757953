import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { EnvironmentSpec } from '../contract/environment.ts';
import { environmentIdentity } from './identity.ts';
import { platformKey } from './platform.ts';
import { writeStamp } from './stamp.ts';
import { environmentState } from './state.ts';

describe('a Python environment', () => {
  let root: string;
  let dir: string;
  let python: string;
  const spec: EnvironmentSpec = {
    schema: 'environment/1',
    id: 'one',
    kind: 'uv',
    purpose: 'test',
    python: '3.11',
    locks: { [`${platformKey()}-cpu`]: 'cpu.lock' },
    imports: [],
  };
  const places = () => ({ projectDir: root, roots: { environments: root, packages: root } });
  const loaded = () => ({ spec, dir: root });
  const look = () => environmentState(loaded(), places());

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'state-'));
    dir = join(root, 'one');
    python = join(root, 'python3.11');
    writeFileSync(python, '');
    writeFileSync(join(root, 'cpu.lock'), 'a==1\n');
    mkdirSync(join(dir, 'bin'), { recursive: true });
    mkdirSync(join(dir, 'lib', '__pycache__'), { recursive: true });
    symlinkSync(python, join(dir, 'bin', 'python'));
    writeFileSync(join(dir, 'lib', 'module.py'), 'x = 1\n');
    writeFileSync(join(dir, 'lib', '__pycache__', 'module.pyc'), 'bytecode');
    const identity = environmentIdentity(loaded(), places()) as string;
    writeStamp(dir, { identity, python });
  });
  afterEach(() => rmSync(root, { recursive: true }));

  test('that is as it was installed is ready', () => {
    expect(look()).toMatchObject({ state: 'ready', identity: expect.stringMatching(/^sha256:/) });
  });

  test('without its folder is missing', () => {
    rmSync(dir, { recursive: true });
    expect(look().state).toBe('missing');
  });

  test('whose lock changed is outdated', () => {
    writeFileSync(join(root, 'cpu.lock'), 'a==2\n');
    expect(look().state).toBe('outdated');
  });

  test.each([
    ['a deleted file', () => rmSync(join(dir, 'lib', 'module.py')), 'lib/module.py is gone'],
    ['a shortened file', () => truncateSync(join(dir, 'lib', 'module.py'), 2), 'has 2 bytes instead of 6'],
    ['a base interpreter that is gone', () => rmSync(python), 'base interpreter'],
    ['an interpreter that is gone', () => rmSync(join(dir, 'bin', 'python')), 'bin/python'],
    ['no stamp', () => rmSync(join(dir, '.babelreel.json')), 'no readable stamp'],
    ['half a stamp', () => truncateSync(join(dir, '.babelreel.json'), 30), 'no readable stamp'],
  ])('with %s is broken and says so', (_, damage, why) => {
    damage();
    expect(look()).toMatchObject({ state: 'broken', why: expect.stringContaining(why) });
  });

  test('without its bytecode is still ready, for Python writes that anew', () => {
    rmSync(join(dir, 'lib', '__pycache__'), { recursive: true });
    expect(look().state).toBe('ready');
  });

  test('without a lock for this machine is unsupported', () => {
    const elsewhere = { ...spec, locks: { 'plan9-mips-cpu': 'cpu.lock' } };
    expect(environmentState({ spec: elsewhere, dir: root }, places()).state).toBe('unsupported');
  });
});

describe('a system environment', () => {
  const places = { projectDir: '/', roots: { environments: '/nowhere', packages: '/nowhere' } };
  const look = (packages: string[], programs: string[]) => {
    const spec = {
      schema: 'environment/1',
      id: 's',
      kind: 'system',
      purpose: 'test',
      packages,
      programs,
      files: [],
    } as const;
    return environmentState({ spec: { ...spec, files: [...spec.files] }, dir: '/' }, places);
  };

  test('is missing while a package is not installed, and says which', () => {
    expect(look(['dpkg', 'babelreel-no-such-package'], ['sh'])).toMatchObject({
      state: 'missing',
      why: 'not installed: babelreel-no-such-package',
    });
  });

  test('is broken when its package is installed and its program is gone', () => {
    expect(look(['dpkg'], ['babelreel-no-such-program']).state).toBe('broken');
    expect(look(['dpkg'], ['sh']).state).toBe('ready');
  });
});
