import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { EnvironmentSpec } from '../contract/environment.ts';
import { environmentIdentity } from './identity.ts';
import { platformKey } from './platform.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'identity-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

const identity = (spec: EnvironmentSpec) => environmentIdentity({ spec, dir }, { projectDir: dir });

describe('the identity of a Python environment', () => {
  const spec: EnvironmentSpec = {
    schema: 'environment/1',
    id: 'one',
    kind: 'uv',
    purpose: 'test',
    python: '3.11',
    locks: { [`${platformKey()}-cpu`]: 'cpu.lock' },
    imports: [],
  };
  const lock = (text: string) => writeFileSync(join(dir, 'cpu.lock'), text);

  test('follows the pins and hashes of its lock, not its comments', () => {
    lock('a==1 --hash=sha256:aa\n    # via -r requirements.in\n');
    const first = identity(spec);
    lock('a==1 --hash=sha256:aa\n    # via b\n');
    expect(identity(spec)).toBe(first);
    lock('a==1 --hash=sha256:ab\n');
    expect(identity(spec)).not.toBe(first);
  });

  test('follows the Python version and not the wording of its purpose', () => {
    lock('a==1\n');
    const first = identity(spec);
    expect(identity({ ...spec, purpose: 'said otherwise' })).toBe(first);
    expect(identity({ ...spec, python: '3.12' })).not.toBe(first);
  });

  test('is not known where there is no lock for the platform', () => {
    expect(identity({ ...spec, locks: { 'plan9-mips-cpu': 'cpu.lock' } })).toBeNull();
  });
});

describe('the identity of a node environment', () => {
  const spec: EnvironmentSpec = { schema: 'environment/1', id: 'node', kind: 'node', purpose: 'test', packages: ['a'] };
  const lock = (integrity: string) =>
    writeFileSync(
      join(dir, 'package-lock.json'),
      JSON.stringify({
        packages: {
          'node_modules/a': { version: '1.0.0', integrity: 'sha512-a', dependencies: { b: '^1.0.0' } },
          'node_modules/b': { version: '1.0.0', integrity: 'sha512-top' },
          'node_modules/a/node_modules/b': { version: '1.1.0', integrity },
          'node_modules/c': { version: '1.0.0', integrity },
        },
      }),
    );

  test('follows the integrity of what its packages depend on, the nested copy first', () => {
    lock('sha512-one');
    const first = identity(spec);
    lock('sha512-two');
    expect(identity(spec)).not.toBe(first);
    expect(first).toMatch(/^sha256:/);
  });

  test('is not known when a package is not locked', () => {
    lock('sha512-one');
    expect(identity({ ...spec, packages: ['a', 'missing'] })).toBeNull();
  });
});

describe('the identity of a system environment', () => {
  const spec = (packages: string[], files: string[]): EnvironmentSpec => ({
    schema: 'environment/1',
    id: 'system',
    kind: 'system',
    purpose: 'test',
    packages,
    programs: ['sh'],
    files,
  });

  test('is not known while a package is not installed', () => {
    expect(identity(spec(['babelreel-no-such-package'], []))).toBeNull();
  });

  test('follows the content of its declared files', () => {
    const file = join(dir, 'rules');
    writeFileSync(file, 'one');
    const first = identity(spec(['dpkg'], [file]));
    writeFileSync(file, 'three');
    expect(first).not.toBeNull();
    expect(identity(spec(['dpkg'], [file]))).not.toBe(first);
    rmSync(file);
    expect(identity(spec(['dpkg'], [file]))).toBeNull();
  });
});
