import {
  chmodSync,
  existsSync,
  lstatSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { adoptFolder } from '../../shared/models/transfer/adopt-folder.ts';
import { assembleModel } from '../../shared/models/transfer/assemble-model.ts';
import { openState } from '../../shared/store/database.ts';
import { openFileDigests } from '../../shared/store/file-digests.ts';
import { hubEntry, type Machine, writeFiles } from './transfer-material.ts';
import { ALL, makePair, type Pair, SMALL, short, snapshotOf } from './transfer-pair.ts';

let pair: Pair;
let here: Machine;
let there: Machine;
beforeEach(async () => {
  pair = await makePair();
  ({ here, there } = pair);
});
afterEach(() => pair[Symbol.dispose]());

describe('adopting a folder', () => {
  let folder: string;
  const adopt = (more: object = {}) =>
    adoptFolder(folder, { registry: there.registry(), places: there.places, ...more });
  const weights = () => statSync(join(there.root, snapshotOf('asr.small', 'deep/er/model.bin')));

  beforeEach(() => {
    folder = join(there.dir, 'theirs');
    writeFiles(folder, SMALL);
  });

  test('links, so that nothing is stored twice, and changes nothing of theirs', async () => {
    const before = statSync(join(folder, 'deep/er/model.bin'));
    const report = await adopt();
    expect(short(report)).toEqual([ALL[0]]);
    expect(report.sharedWith).toEqual(['config.json', 'deep/er/model.bin']);
    expect(weights().ino).toBe(before.ino);
    const after = statSync(join(folder, 'deep/er/model.bin'));
    expect([after.mode, after.mtimeMs, after.size]).toEqual([before.mode, before.mtimeMs, before.size]);
    expect(short(await adopt())[0]?.already).toBe(2);
  });

  test('copies what others may write to', async () => {
    chmodSync(join(folder, 'deep/er/model.bin'), 0o666);
    const report = await adopt();
    expect(report.sharedWith).toEqual(['config.json']);
    expect(weights().ino).not.toBe(statSync(join(folder, 'deep/er/model.bin')).ino);
    expect(weights().mode & 0o777).toBe(0o444);
    expect(statSync(join(folder, 'deep/er/model.bin')).mode & 0o777).toBe(0o666);
  });

  test('takes no wrong file', async () => {
    const bytes = Buffer.from(SMALL['deep/er/model.bin'] ?? '');
    bytes[7] = 0;
    writeFileSync(join(folder, 'deep/er/model.bin'), bytes);
    expect(short(await adopt())).toEqual([
      { id: 'asr.small', imported: 1, already: 0, wrong: ['deep/er/model.bin'], missing: [] },
    ]);
  });

  test('hashes each file once: a look at the store afterwards reads nothing', async () => {
    for (const path of Object.keys(SMALL)) utimesSync(join(folder, path), 1_000_000, 1_000_000);
    using state = openState(join(there.dir, 'state'));
    const digests = openFileDigests(state);
    await adopt({ digests });
    const { hashedBytes } = digests.counts;
    expect(short(await adopt({ digests }))[0]?.already).toBe(2);
    expect(digests.counts.hashedBytes).toBe(hashedBytes);
  });

  test('keeps the bytes once for two models that have them', async () => {
    there.list(hubEntry('asr.twin', { 'same.bin': SMALL['deep/er/model.bin'] ?? '' }));
    const report = await adopt();
    expect(report.models.map(({ id, complete }) => [id, complete])).toEqual([
      ['asr.small', true],
      ['asr.twin', true],
    ]);
    expect(weights().nlink).toBe(3);
  });
});

describe('an assembled folder', () => {
  const assemble = (more: object = {}) =>
    assembleModel('asr.big', { registry: here.registry(), places: here.places, ...more });

  test('has a later step in place of an earlier one, and moves with its root', async () => {
    const { dir, made } = await assemble();
    expect(made).toBe(true);
    expect(readFileSync(join(dir, 'index.json'), 'utf8')).toBe('{"of":"big"}');
    expect(readdirSync(dir, { recursive: true }).sort()).toEqual(['index.json', 'parts', 'parts/1.bin']);
    expect(lstatSync(join(dir, 'parts/1.bin')).isSymbolicLink()).toBe(true);
    renameSync(here.root, `${here.root}-moved`);
    expect(readFileSync(join(`${here.root}-moved`, 'assembled/asr.big/parts/1.bin'), 'utf8')).toBe('first half');
  });

  test('is made again only when it differs', async () => {
    const { dir } = await assemble();
    expect(await assemble()).toEqual({ dir, made: false });
    writeFileSync(join(dir, 'extra'), '');
    expect(await assemble()).toEqual({ dir, made: true });
    rmSync(join(dir, 'index.json'));
    symlinkSync('/etc/hostname', join(dir, 'index.json'));
    expect(await assemble()).toEqual({ dir, made: true });
    expect(readFileSync(join(dir, 'index.json'), 'utf8')).toBe('{"of":"big"}');
    expect(readdirSync(join(here.root, 'assembled'))).toEqual(['asr.big']);
  });

  test('holds other names of the files where there are no symbolic links', async () => {
    const makeLink = () => Promise.reject(Object.assign(new Error('no links'), { code: 'EPERM' }));
    const { dir } = await assemble({ makeLink });
    expect(lstatSync(join(dir, 'parts/1.bin')).isFile()).toBe(true);
    expect(lstatSync(join(dir, 'parts/1.bin')).nlink).toBe(2);
    expect((await assemble({ makeLink })).made).toBe(false);
  });

  test('names the file that is not there and keeps what was', async () => {
    const { dir } = await assemble();
    rmSync(join(here.root, snapshotOf('asr.big', 'part-1.bin')));
    await expect(assemble()).rejects.toMatchObject({
      code: 'ERR_MODEL_MISSING',
      details: { why: expect.stringContaining('part-1.bin of asr.big') },
    });
    expect(existsSync(join(dir, 'index.json'))).toBe(true);
  });

  test('that is right takes no lock, as in a store that cannot be written', async () => {
    await assemble();
    rmSync(join(here.root, '.lock'), { recursive: true });
    await assemble();
    expect(existsSync(join(here.root, '.lock'))).toBe(false);
  });
});
