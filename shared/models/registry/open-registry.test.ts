import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { addToModelLock, type LockedModel } from './model-lock.ts';
import { isLocked, openRegistry } from './open-registry.ts';

const REVISION = 'c'.repeat(40);
const A = { path: 'a.bin', bytes: 1, sha256: 'a'.repeat(64), kind: 'weights' as const };
const B = { path: 'b.json', bytes: 2, sha256: 'b'.repeat(64), kind: 'config' as const };

describe('a registry', () => {
  let root: string;
  const entry = (id: string, more: object = {}) => {
    const all = {
      schema: 'model/1',
      id,
      role: 'asr',
      purpose: 'test',
      engines: ['some'],
      source: { type: 'hub', repo: 'org/name', revision: REVISION },
      files: [A],
      licence: { id: 'MIT', commercial: 'yes' },
      ...more,
    };
    writeFileSync(join(root, 'config/models', `${id}.json`), JSON.stringify(all));
  };
  const sets = (given: object) =>
    writeFileSync(join(root, 'config/model-sets.json'), JSON.stringify({ schema: 'model-sets/1', sets: given }));
  const open = () => openRegistry(join(root, 'config'), join(root, 'local'));
  const lock = (id: string, more: Partial<LockedModel> = {}) =>
    addToModelLock(join(root, 'local'), id, {
      lockedAt: '2026-08-01T00:00:00.000Z',
      from: 'https://huggingface.co',
      revision: REVISION,
      files: [A, B],
      ...more,
    });

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'registry-'));
    mkdirSync(join(root, 'config/models'), { recursive: true });
    sets({});
  });
  afterEach(() => rmSync(root, { recursive: true }));

  test('gives what is required first, each once', () => {
    entry('top', { requires: ['left', 'right'] });
    for (const id of ['left', 'right']) entry(id, { requires: ['bottom'] });
    entry('bottom');
    expect(
      open()
        .closure(['top', 'right'])
        .map((model) => model.entry.id),
    ).toEqual(['bottom', 'left', 'right', 'top']);
  });

  test('names a model that is not there, and the one that was meant', () => {
    entry('asr.large');
    expect(() => open().model('asr.lagre')).toThrow(
      expect.objectContaining({
        code: 'ERR_MODEL_UNKNOWN',
        message: expect.stringContaining('Did you mean asr.large?'),
      }),
    );
  });

  test('has no digest of a model while a part of it is unlocked, and has one when it is locked', async () => {
    entry('top', { requires: ['part'] });
    entry('part', { files: [A, { path: 'b.json', kind: 'config' }] });
    expect(open().digest('top')).toBeNull();
    await lock('part');
    const digest = open().digest('top');
    expect(digest).toMatch(/^sha256:[0-9a-f]{64}$/);
    await lock('part', { files: [A, { ...B, sha256: 'd'.repeat(64) }] });
    expect(open().digest('top')).not.toBe(digest);
  });

  test('takes the revision and files of an unlocked entry from the lock', async () => {
    entry('one', {
      source: { type: 'hub', repo: 'org/name', allow: ['*.json'] },
      files: [{ path: 'a.bin', kind: 'weights' }],
    });
    await lock('one');
    const model = open().model('one');
    expect(model.revision).toBe(REVISION);
    expect(isLocked(model) && model.files).toEqual([A, B]);
  });

  const unlocked = {
    files: [
      { ...A, sha256: undefined },
      { path: 'b.json', kind: 'config' },
    ],
  };
  test.each([
    ['names another revision', unlocked, { revision: 'd'.repeat(40) }],
    ['names no revision', { ...unlocked, source: { type: 'hub', repo: 'org/name' } }, { revision: null }],
    ['has another size', unlocked, { files: [{ ...A, bytes: 9 }, B] }],
    [
      'has another digest',
      { files: [A, { path: 'b.json', kind: 'config' }] },
      { files: [{ ...A, sha256: 'd'.repeat(64) }, B] },
    ],
    ['lacks a file', unlocked, { files: [A] }],
    [
      'has none of a group',
      { files: [A, { ...B, bytes: undefined, oneOf: 'w' }, { path: 'c', kind: 'config', oneOf: 'w' }] },
      { files: [A] },
    ],
    ['has a file more than is listed', unlocked, { files: [A, B, { ...B, path: 'extra.py' }] }],
    ['has no files at all', { source: { type: 'hub', repo: 'org/name', allow: ['*'] }, files: [] }, { files: [] }],
    [
      'has a file that leads out',
      { source: { type: 'hub', repo: 'org/name', allow: ['**'] }, files: [] },
      { files: [{ ...A, path: 'x/../../../a' }] },
    ],
  ])('does not use a lock that %s', async (_, more, locked) => {
    entry('one', more);
    await lock('one', locked);
    expect(isLocked(open().model('one'))).toBe(false);
  });

  test('does not let a lock change an entry that knows everything', async () => {
    entry('one');
    await lock('one', { files: [{ ...A, sha256: 'd'.repeat(64) }] });
    expect(open().model('one').files).toEqual([A]);
  });

  test('without a local folder is what the project ships', async () => {
    entry('one', { files: [{ path: 'a.bin', kind: 'weights' }] });
    await lock('one', { files: [A] });
    expect(isLocked(open().model('one'))).toBe(true);
    expect(isLocked(openRegistry(join(root, 'config')).model('one'))).toBe(false);
  });

  test.each([
    ['requires a model that has no entry', () => entry('one', { requires: ['two'] }), /two/],
    [
      'is a LoRA for a model that has no entry',
      () => entry('one', { role: 'lora', lora: { base: 'two', trigger: null, steps: null } }),
      /two/,
    ],
    [
      'assembles a file that a model does not have',
      () => {
        entry('one', { requires: ['two'], assemble: [{ model: 'two', path: 'z', to: 'z' }] });
        entry('two');
      },
      /"z" of two/,
    ],
    [
      'is required by what it requires',
      () => {
        entry('one', { requires: ['two'] });
        entry('two', { requires: ['one'] });
      },
      /one -> two -> one/,
    ],
    ['is in a set and has no entry', () => sets({ flag: { purpose: 'x', models: ['two'], all: false } }), /flag.*two/],
    [
      'is not reached, since the sets are no JSON',
      () => writeFileSync(join(root, 'config/model-sets.json'), '{'),
      /JSON/,
    ],
  ])('refuses a model that %s, by name', (_, make, why) => {
    make();
    expect(open).toThrow(
      expect.objectContaining({
        code: 'ERR_CONFIG_INVALID',
        details: expect.objectContaining({ why: expect.stringMatching(why) }),
      }),
    );
  });

  test('keeps what the lock knew of other models, and says which lock is broken', async () => {
    entry('one', { files: [{ path: 'a.bin', kind: 'weights' }] });
    await lock('two');
    await lock('one', { files: [A] });
    const path = join(root, 'local/models.lock.json');
    expect(Object.keys(JSON.parse(readFileSync(path, 'utf8')).models)).toEqual(['one', 'two']);
    writeFileSync(path, '{"schema":');
    expect(open).toThrow(
      expect.objectContaining({ code: 'ERR_CONFIG_INVALID', message: expect.stringContaining(path) }),
    );
  });
});
