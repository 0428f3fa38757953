import {
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { FileState, ModelState } from '../../shared/contract/model-audit.ts';
import { lookAtModels } from '../../shared/models/audit/look-at-models.ts';
import { verifyModel } from '../../shared/models/audit/verify-model.ts';
import {
  hub,
  json,
  type MadeModel,
  type Material,
  makeMaterial,
  REVISION,
  sharded,
  tensors,
  zip,
} from './audit-material.ts';

const MODELS: readonly MadeModel[] = [
  {
    id: 'asr.one',
    source: hub('Systran/one'),
    files: { 'model.bin': zip(4000), 'config.json': json({ a: 1 }), 'tokenizer.json': json({ b: 2 }) },
  },
  { id: 'translate.two', source: hub('lab/two'), files: sharded() },
  {
    id: 'separate.three',
    source: { type: 'url', base: 'https://example.org/three', folder: 'torch/hub/checkpoints' },
    files: { 'three.th': zip(3000), 'three-b.th': zip(2000) },
  },
  {
    id: 'animate.four',
    source: hub('lab/four'),
    files: { 'talk.safetensors': tensors('talk', 6000), 'code_four.py': Buffer.from('x = 1\n') },
    more: { requires: ['support.five'] },
  },
  {
    id: 'support.five',
    source: hub('lab/five'),
    files: { 'pytorch_model.bin': zip(1000), 'sub/tokenizer.json': json({ five: 5 }) },
  },
];

interface Fault {
  readonly name: string;
  readonly state: FileState;
  readonly model: ModelState;
  /** Only a digest tells. */
  readonly deep?: boolean;
  readonly says: RegExp;
  /** Does it to the file behind the name. */
  damage(path: string): void;
}

const overwrite = (path: string, content: string | Buffer): void => writeFileSync(realpathSync(path), content);
const FAULTS: readonly Fault[] = [
  { name: 'missing', state: 'missing', model: 'partial', says: /missing/, damage: (path) => rmSync(path) },
  {
    name: 'empty',
    state: 'truncated',
    model: 'corrupt',
    says: /truncated, 0 of/,
    damage: (path) => overwrite(path, ''),
  },
  {
    name: 'truncated',
    state: 'truncated',
    model: 'corrupt',
    says: /truncated, \d of/,
    damage: (path) => truncateSync(realpathSync(path), 3),
  },
  {
    name: 'one bit other',
    state: 'corrupt',
    model: 'corrupt',
    deep: true,
    says: /damaged/,
    damage(path) {
      const bytes = readFileSync(path);
      const middle = bytes.length >> 1;
      bytes[middle] = (bytes[middle] ?? 0) ^ 0x01;
      overwrite(path, bytes);
    },
  },
  {
    name: 'a dangling link',
    state: 'dangling-link',
    model: 'partial',
    says: /link that leads nowhere/,
    damage(path) {
      rmSync(path);
      symlinkSync('../../blobs/gone', path);
    },
  },
  {
    name: 'a link out of the store',
    state: 'dangling-link',
    model: 'partial',
    says: /link that leads nowhere/,
    damage(path) {
      const outside = join(path.slice(0, path.indexOf('/models/')), 'outside');
      writeFileSync(outside, readFileSync(path));
      rmSync(path);
      symlinkSync(outside, path);
    },
  },
  {
    name: 'a pointer of Git LFS',
    state: 'lfs-pointer',
    model: 'corrupt',
    says: /pointer of Git LFS/,
    damage: (path) =>
      overwrite(path, `version https://git-lfs.github.com/spec/v1\noid sha256:${'0'.repeat(64)}\nsize 7\n`),
  },
  {
    name: 'a page of a server',
    state: 'error-page',
    model: 'corrupt',
    says: /error page/,
    damage: (path) => overwrite(path, '<!DOCTYPE html>\n<html><body>Sign in to the network</body></html>'),
  },
  {
    name: 'a folder of the same name',
    state: 'missing',
    model: 'partial',
    says: /missing/,
    damage(path) {
      rmSync(path);
      mkdirSync(path);
    },
  },
];

describe('every fault of every file', () => {
  let material: Material;

  beforeEach(() => {
    material = makeMaterial(MODELS);
    for (const { id } of MODELS) material.store(id);
  });
  afterEach(() => material[Symbol.dispose]());

  test('is absent from a store that is whole, which is complete once its files were hashed', async () => {
    const quick = await lookAtModels(material.options);
    expect([...quick.values()].map(({ state, why }) => ({ state, why }))).toEqual(
      MODELS.map(() => ({ state: 'complete-unverified', why: null })),
    );
    const deep = await lookAtModels({ ...material.options, deep: true });
    expect([...deep.values()].map(({ state, problems }) => ({ state, problems }))).toEqual(
      MODELS.map(() => ({ state: 'complete', problems: [] })),
    );
    for (const { id } of MODELS) await verifyModel(id, material.options);
  });

  const cases = FAULTS.flatMap((fault) =>
    MODELS.flatMap(({ id, files }) => Object.keys(files).map((file) => ({ fault, id, file }))),
  );
  test.for(cases.map((one): [string, (typeof cases)[number]] => [`${one.fault.name}: ${one.file} of ${one.id}`, one]))(
    '%s',
    async ([, { fault, id, file }]) => {
      const path = material.path(id, file);
      fault.damage(path);
      const looks = await lookAtModels({ ...material.options, deep: fault.deep === true });
      const look = looks.get(id);
      expect(look?.problems.map(({ model, path: where, state }) => ({ model, where, state }))).toEqual([
        { model: id, where: file, state: fault.state },
      ]);
      expect(look?.state).toBe(fault.model);
      expect(look?.why).toMatch(fault.says);
      expect(look?.problems[0]?.why).toMatch(/^[A-Z].*[.…]$/);
      // What requires it says so too, and whose file it is; all others are as they were.
      for (const other of looks.values()) {
        const needs = material.registry.closure([other.id]).some(({ entry }) => entry.id === id);
        expect(other.problems.length, other.id).toBe(needs ? 1 : 0);
        if (needs && other.id !== id) expect(other.why).toMatch(new RegExp(`of ${id} .*needed by ${other.id}$`));
      }
      await expect(verifyModel(id, material.options)).rejects.toMatchObject({
        code: fault.model === 'partial' ? 'ERR_MODEL_MISSING' : 'ERR_MODEL_CORRUPT',
        details: {
          why: expect.stringContaining(path),
          fix: [`./cache-models.sh --model ${id}${fault.model === 'partial' ? '' : ' --repair'}`],
        },
      });
    },
  );

  const swap = (a: string, b: string): void => {
    renameSync(a, `${a}.swap`);
    renameSync(b, a);
    renameSync(`${a}.swap`, b);
  };

  test('two shards of one size that are swapped are told by the index without hashing', async () => {
    const [a, b] = [1, 2].map((n) => material.path('translate.two', `model-0000${n}-of-00002.safetensors`));
    swap(a ?? '', b ?? '');
    const look = (await lookAtModels(material.options)).get('translate.two');
    expect(look?.problems.map(({ state, why }) => ({ state, why }))).toEqual([
      { state: 'corrupt', why: expect.stringMatching(/tensor layer\.2.* model-00002-of-00002\.safetensors: swapped/) },
      { state: 'corrupt', why: expect.stringMatching(/tensor layer\.1.* model-00001-of-00002\.safetensors: swapped/) },
    ]);
    expect(look?.why).toBe('weights (shards 1–2 of 2) damaged');
  });

  test('two files that are swapped are told by their sizes, and by digest as each other', async () => {
    swap(material.path('separate.three', 'three.th'), material.path('separate.three', 'three-b.th'));
    const look = (await lookAtModels(material.options)).get('separate.three');
    expect(look?.problems.map(({ path, state }) => `${path} ${state}`)).toEqual([
      'three.th truncated',
      'three-b.th oversize',
    ]);
  });

  test('swapped files of one size without an index are told by digest, each with the name of the other', async () => {
    const twins = { 'a.bin': Buffer.alloc(64, 1), 'b.bin': Buffer.alloc(64, 2) };
    using other = makeMaterial([{ id: 'support.twins', source: hub('lab/twins'), files: twins }]);
    other.store('support.twins');
    swap(other.path('support.twins', 'a.bin'), other.path('support.twins', 'b.bin'));
    const look = (await lookAtModels({ ...other.options, deep: true })).get('support.twins');
    expect(look?.problems.map(({ why }) => why)).toEqual([
      'It has the content of b.bin: swapped files.',
      'It has the content of a.bin: swapped files.',
    ]);
  });

  test.for(['extra.py', 'sub/deep/extra.py', 'extra.so'])(
    '%s beside the files of a model is unexpected',
    async (name) => {
      const path = material.path('animate.four', name);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, 'import os\n');
      const look = (await lookAtModels(material.options)).get('animate.four');
      expect(look).toMatchObject({
        state: 'corrupt',
        problems: [{ path: name, state: 'unexpected', at: path }],
        why: `code (${name.split('/').at(-1)}) not one of its files, and could be run`,
      });
      await expect(verifyModel('animate.four', material.options)).rejects.toMatchObject({ code: 'ERR_MODEL_CORRUPT' });
    },
  );

  test('another revision alone is stale, and both revisions are named', async () => {
    const dir = material.path('asr.one', '');
    renameSync(dir, dir.replace(REVISION, 'b'.repeat(40)));
    const look = (await lookAtModels(material.options)).get('asr.one');
    expect(look).toMatchObject({
      state: 'stale',
      why: expect.stringContaining('revision aaaaaaaaaaaa is not there, only bbbbbbbbbbbb'),
    });
    await expect(verifyModel('asr.one', material.options)).rejects.toMatchObject({ code: 'ERR_MODEL_MISSING' });
  });

  test('an index that names a shard which nobody has is told', async () => {
    const index = material.path('translate.two', 'model.safetensors.index.json');
    const text = readFileSync(index, 'utf8');
    overwrite(index, text.replace('model-00001-of-00002', 'model-00009-of-00002'));
    const look = (await lookAtModels(material.options)).get('translate.two');
    expect(look?.problems).toMatchObject([
      { path: 'model.safetensors.index.json', why: expect.stringContaining('names the shard model-00009-of-00002') },
    ]);
  });
});
