import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { loadModels } from './load-models.ts';
import { modelDigest } from './model-digest.ts';

const file = { path: 'a.bin', bytes: 1, sha256: 'a'.repeat(64), kind: 'weights' };
const entry = {
  schema: 'model/1',
  id: 'asr.one',
  role: 'asr',
  purpose: 'test',
  engines: ['some'],
  source: { type: 'package', manager: 'pip', name: 'p', version: '1', environment: 'e', root: 'p' },
  files: [file],
  licence: { id: 'MIT', commercial: 'yes' },
};

describe('a config folder', () => {
  let root: string;
  const write = (dir: string, more: object, name = 'asr.one') => {
    mkdirSync(join(root, dir, 'models'), { recursive: true });
    writeFileSync(join(root, dir, 'models', `${name}.json`), JSON.stringify({ ...entry, ...more }));
  };

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'models-'));
  });
  afterEach(() => rmSync(root, { recursive: true }));

  test.each([
    ['contradicts itself', { files: [file, file] }],
    ['has half a digest', { files: [{ ...file, sha256: 'abc' }] }],
    ['names a repository that leads out of the store', { source: { type: 'hub', repo: '../../etc' } }],
    ['has a web address of a file', { source: { type: 'url', base: 'file:///etc', folder: 'x' } }],
    ['has a role that is none', { role: 'sing' }],
  ])('with an entry that %s is refused by the name of the file', (_, more) => {
    write('config', more);
    expect(() => loadModels(join(root, 'config'))).toThrow(
      expect.objectContaining({ code: 'ERR_CONFIG_INVALID', message: expect.stringContaining('asr.one.json') }),
    );
  });

  test('with an entry that is no JSON is refused by the name of the file', () => {
    write('config', {});
    writeFileSync(join(root, 'config/models/asr.one.json'), '{"schema": ');
    expect(() => loadModels(join(root, 'config'))).toThrow(/asr\.one\.json/);
  });

  test('gives its entries in the order of their ids', () => {
    for (const id of ['b.two', 'a.one']) write('config', { id }, id);
    expect([...loadModels(join(root, 'config')).keys()]).toEqual(['a.one', 'b.two']);
  });

  test("of the user's replaces an entry of the project and adds others", () => {
    write('config', { purpose: "the project's" });
    write('local', { purpose: 'mine' });
    write('local', { id: 'asr.two' }, 'asr.two');
    const table = loadModels(join(root, 'config'), join(root, 'local'));
    expect([...table.keys()]).toEqual(['asr.one', 'asr.two']);
    expect(table.get('asr.one')?.purpose).toBe('mine');
  });

  test("of the user's need not exist", () => {
    write('config', {});
    expect(loadModels(join(root, 'config'), join(root, 'none')).size).toBe(1);
  });
});

test('a digest of a model follows paths and content, not the order of the list', () => {
  const [a, b] = [
    { path: 'a.bin', sha256: 'a'.repeat(64) },
    { path: 'b.bin', sha256: 'a'.repeat(64) },
  ];
  expect(modelDigest([a, b])).toBe(modelDigest([b, a]));
  expect(modelDigest([a, { ...b, path: 'c.bin' }])).not.toBe(modelDigest([a, b]));
  expect(modelDigest([a, { ...b, sha256: 'b'.repeat(64) }])).not.toBe(modelDigest([a, b]));
});

test('a digest of a model follows what it requires, and tells whose file is whose', () => {
  const [own, other] = [[{ path: 'a.bin', sha256: 'a'.repeat(64) }], [{ path: 'b.bin', sha256: 'b'.repeat(64) }]];
  const alone = modelDigest(own);
  const withOther = modelDigest(own, new Map([['x', other]]));
  expect(withOther).not.toBe(alone);
  expect(withOther).not.toBe(modelDigest([...own, ...other]));
  expect(withOther).not.toBe(modelDigest(own, new Map([['y', other]])));
});
