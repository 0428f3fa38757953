import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ModelEntry } from '../../contract/model.ts';
import { sha256Hex } from '../../util/digest.ts';
import type { KnownModel } from '../registry/open-registry.ts';
import { snapshotDir, treePath } from './hub-layout.ts';
import { locateModel } from './locate-model.ts';
import { publishFile } from './publish-file.ts';
import { publishSnapshot } from './publish-snapshot.ts';

const REVISION = 'c'.repeat(40);
const TEXT = 'weights';

describe('verified bytes', () => {
  let root: string;
  let from: string;
  const file = { path: 'sub/a.bin', bytes: TEXT.length, sha256: sha256Hex(TEXT), kind: 'weights' as const };
  const model = (source: object, revision: string | null = null): KnownModel => ({
    entry: ModelEntry.parse({
      schema: 'model/1',
      id: 'asr.one',
      role: 'asr',
      purpose: 'test',
      engines: ['some'],
      source,
      files: [file],
      licence: { id: 'MIT', commercial: 'yes' },
    }),
    revision,
    files: [file],
  });
  const hub = () => model({ type: 'hub', repo: 'org/name' }, REVISION);
  const store = () => join(root, 'store');

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'publish-'));
    mkdirSync(store());
    from = join(root, 'from');
    writeFileSync(from, TEXT);
  });
  afterEach(() => rmSync(root, { recursive: true }));

  test('of a hub lie once under blobs, read-only, and the snapshot has a relative link to them', async () => {
    const path = await publishFile({ root: store(), model: hub(), file, from, how: 'move' });
    expect(path).toBe(join(snapshotDir(store(), 'org/name', REVISION), 'sub/a.bin'));
    expect(readlinkSync(path)).toBe(`../../../blobs/${file.sha256}`);
    expect(readFileSync(path, 'utf8')).toBe(TEXT);
    expect(statSync(path).mode & 0o222).toBe(0);
    expect(lstatSync(from, { throwIfNoEntry: false })).toBeUndefined();
  });

  test('of a small file of a hub have the name that git gives them', async () => {
    const small = { ...file, gitSha1: 'd'.repeat(40) };
    const path = await publishFile({ root: store(), model: hub(), file: small, from, how: 'copy' });
    expect(readlinkSync(path)).toBe(`../../../blobs/${'d'.repeat(40)}`);
  });

  test.each([
    ['a plain server', { type: 'url', base: 'https://example.org/m', folder: 'torch/hub/checkpoints' }],
    ["a user's own folder", { type: 'local', folder: '/elsewhere' }],
  ])('of %s lie where the model is looked for', async (_, source) => {
    const own = model(source);
    const path = await publishFile({ root: store(), model: own, file, from, how: 'copy' });
    const places = { projectDir: root, roots: { environments: root, models: [store()] } };
    expect(path).toBe(join(locateModel(own, places), 'sub/a.bin'));
    expect(readFileSync(path, 'utf8')).toBe(TEXT);
  });

  test('that were copied do not change with the file they came from, and linked ones take no second room', async () => {
    const copied = await publishFile({ root: store(), model: hub(), file, from, how: 'copy' });
    writeFileSync(from, 'changed');
    expect(readFileSync(copied, 'utf8')).toBe(TEXT);
    const linked = await publishFile({ root: store(), model: hub(), file, from, how: 'link' });
    expect(statSync(linked).ino).toBe(statSync(from).ino);
  });

  test('replace what was there before, right or wrong, and leave nothing else', async () => {
    const path = await publishFile({ root: store(), model: hub(), file, from, how: 'copy' });
    const blobs = join(path, '../../../../blobs');
    rmSync(path);
    writeFileSync(path, 'a wrong file in the place of the link');
    expect(readFileSync(await publishFile({ root: store(), model: hub(), file, from, how: 'copy' }), 'utf8')).toBe(
      TEXT,
    );
    expect(readdirSync(blobs)).toEqual([file.sha256]);
    expect(readdirSync(join(path, '..'))).toEqual(['a.bin']);
  });

  test('of a whole snapshot are listed for the hub, which finds them by branch', async () => {
    await publishFile({ root: store(), model: hub(), file, from, how: 'copy' });
    await publishSnapshot({ root: store(), model: hub() });
    const tree = JSON.parse(readFileSync(treePath(store(), 'org/name', REVISION), 'utf8'));
    expect(tree.files['sub/a.bin']).toMatchObject({ size: TEXT.length, lfs_sha256: file.sha256 });
    expect(readFileSync(join(store(), 'huggingface/hub/models--org--name/refs/main'), 'utf8')).toBe(REVISION);
  });
});
