import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ModelEntry } from '../../contract/model.ts';
import type { ListedModel } from '../registry/open-registry.ts';
import { snapshotDir } from './hub-layout.ts';
import { candidateDirs, loadDir, locateModel } from './locate-model.ts';

const REVISION = 'c'.repeat(40);

const listed = (source: object, more: object = {}, revision: string | null = null): ListedModel => ({
  entry: ModelEntry.parse({
    schema: 'model/1',
    id: 'asr.one',
    role: 'asr',
    purpose: 'test',
    engines: ['some'],
    source,
    files: [{ path: 'a.bin', bytes: 1, sha256: 'a'.repeat(64), kind: 'weights' }],
    licence: { id: 'MIT', commercial: 'yes' },
    ...more,
  }),
  revision,
  files: undefined,
});

describe('a model', () => {
  let root: string;
  const roots = () => ({
    environments: join(root, 'environments'),
    models: [join(root, 'first'), join(root, 'second')],
  });
  const places = () => ({ projectDir: '/project', roots: roots() });

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'locate-'));
  });
  afterEach(() => rmSync(root, { recursive: true }));

  test('of a package is where its package manager puts packages', () => {
    mkdirSync(join(root, 'environments/e/lib/python3.11/site-packages'), { recursive: true });
    const source = { type: 'package', manager: 'pip', name: 'p', version: '1', environment: 'e', root: 'p' };
    expect(locateModel(listed(source), places())).toBe(join(root, 'environments/e/lib/python3.11/site-packages/p'));
    expect(locateModel(listed({ ...source, manager: 'npm' }), places())).toBe('/project/node_modules/p');
    expect(locateModel(listed({ ...source, manager: 'deb', root: 'usr/share/p' }), places())).toBe('/usr/share/p');
  });

  test('of a hub is in the first root that has its revision, and would be written to the first', () => {
    const model = listed({ type: 'hub', repo: 'org/name' }, {}, REVISION);
    const first = snapshotDir(join(root, 'first'), 'org/name', REVISION);
    const second = snapshotDir(join(root, 'second'), 'org/name', REVISION);
    expect(locateModel(model, places())).toBe(first);
    mkdirSync(second, { recursive: true });
    expect(locateModel(model, places())).toBe(second);
    mkdirSync(first, { recursive: true });
    expect(locateModel(model, places())).toBe(first);
  });

  test('of a hub is found under a name that its repository had', () => {
    const model = listed({ type: 'hub', repo: 'new/name', aliases: ['old/name'] }, {}, REVISION);
    const old = snapshotDir(join(root, 'second'), 'old/name', REVISION);
    mkdirSync(old, { recursive: true });
    expect(locateModel(model, places())).toBe(old);
  });

  test('of a hub whose revision nobody knows is nowhere', () => {
    mkdirSync(snapshotDir(join(root, 'first'), 'org/name', REVISION), { recursive: true });
    const dir = locateModel(listed({ type: 'hub', repo: 'org/name' }), places());
    expect(dir).not.toContain(REVISION);
  });

  test('of a plain server is in the root that has its file, since its folder is shared', () => {
    const model = listed({ type: 'url', base: 'https://example.org/models', folder: 'torch/hub/checkpoints' });
    for (const dir of candidateDirs(model, places())) mkdirSync(dir, { recursive: true });
    writeFileSync(join(root, 'first/torch/hub/checkpoints/other.bin'), 'x');
    writeFileSync(join(root, 'second/torch/hub/checkpoints/a.bin'), 'x');
    expect(locateModel(model, places())).toBe(join(root, 'second/torch/hub/checkpoints'));
  });

  test("of a user's own folder is under the id of its entry", () => {
    const model = listed({ type: 'local', folder: '/elsewhere' });
    expect(candidateDirs(model, places())).toEqual([
      join(root, 'first/local/asr.one'),
      join(root, 'second/local/asr.one'),
    ]);
  });

  test('that is assembled is opened from the assembled folder, others from their own', () => {
    const source = { type: 'hub', repo: 'org/name' };
    const assemble = [{ model: 'asr.one', path: 'a.bin', to: 'a.bin' }];
    expect(loadDir(listed(source, { assemble }), places())).toBe(join(root, 'first/assembled/asr.one'));
    expect(loadDir(listed(source, {}, REVISION), places())).toBe(
      snapshotDir(join(root, 'first'), 'org/name', REVISION),
    );
  });
});
