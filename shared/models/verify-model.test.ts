import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Digest } from '../contract/ids.ts';
import type { ModelEntry } from '../contract/model.ts';
import { digestOf, sha256Hex } from '../util/digest.ts';
import { modelState } from './model-state.ts';
import { verifyModel } from './verify-model.ts';

describe('a model in an installed package', () => {
  let root: string;
  let dir: string;
  const contents = { 'model.bin': 'weights', 'vocab.txt': 'words' };
  const entry: ModelEntry = {
    schema: 'model/1',
    id: 'asr.one',
    role: 'asr',
    purpose: 'test',
    source: { type: 'package', manager: 'pip', name: 'some-voice', version: '0.1.0', environment: 'e', root: 'some' },
    files: Object.entries(contents).map(([path, text]) => ({
      path,
      bytes: text.length,
      sha256: sha256Hex(text),
      kind: path === 'model.bin' ? ('weights' as const) : ('tokenizer' as const),
    })),
    licence: { id: 'MIT', commercial: 'yes' },
  };
  const reads: string[] = [];
  const digests = {
    remembered: async (path: string): Promise<Digest> => {
      reads.push(path);
      return digestOf(readFileSync(path));
    },
  };

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'verify-'));
    dir = join(root, 'lib/python3.11/site-packages/some');
    mkdirSync(dir, { recursive: true });
    for (const [path, text] of Object.entries(contents)) writeFileSync(join(dir, path), text);
    reads.length = 0;
  });
  afterEach(() => rmSync(root, { recursive: true }));

  test('with every file is complete, and its content is what the registry says', async () => {
    expect(modelState(entry, dir).state).toBe('complete-unverified');
    await verifyModel(entry, dir, digests);
    expect(reads).toHaveLength(2);
  });

  test('that ships no weights is refused by name before anything is read', async () => {
    rmSync(join(dir, 'model.bin'));
    expect(modelState(entry, dir).state).toBe('partial');
    await expect(verifyModel(entry, dir, digests)).rejects.toMatchObject({
      code: 'ERR_MODEL_MISSING',
      details: {
        why: expect.stringMatching(/some-voice 0\.1\.0, lacks model\.bin \(weights\)/),
        fix: [`rm -r '${root}'`, './run-pipeline.sh --demo'],
      },
    });
    expect(reads).toEqual([]);
  });

  test('with one changed byte is refused, and the command makes its environment anew', async () => {
    writeFileSync(join(dir, 'model.bin'), 'weighty');
    expect(modelState(entry, dir).state).toBe('complete-unverified');
    await expect(verifyModel(entry, dir, digests)).rejects.toMatchObject({
      code: 'ERR_MODEL_CORRUPT',
      details: { why: expect.stringContaining('model.bin'), fix: [`rm -r '${root}'`, './run-pipeline.sh --demo'] },
    });
  });

  test('with a shortened file is refused without reading it', async () => {
    writeFileSync(join(dir, 'vocab.txt'), 'wo');
    expect(modelState(entry, dir).state).toBe('corrupt');
    await expect(verifyModel(entry, dir, digests)).rejects.toMatchObject({
      code: 'ERR_MODEL_CORRUPT',
      details: { why: expect.stringMatching(/has 2 bytes; some-voice 0\.1\.0 has 5\.$/) },
    });
    expect(reads).toEqual([]);
  });

  test('with a folder where a file should be is missing', async () => {
    for (const path of Object.keys(contents)) {
      rmSync(join(dir, path));
      mkdirSync(join(dir, path));
    }
    expect(modelState(entry, dir).state).toBe('missing');
    await expect(verifyModel(entry, dir, digests)).rejects.toMatchObject({ code: 'ERR_MODEL_MISSING' });
  });
});
