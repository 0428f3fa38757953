import { chmodSync, existsSync, lstatSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { exportModels } from '../../shared/models/transfer/export-models.ts';
import { requireRoom } from '../../shared/models/transfer/require-room.ts';
import { runProcess } from '../../shared/process/run-process.ts';
import { PROJECT_DIR } from '../helpers/workspace.ts';
import { type Contents, digestsBelow, hubEntry, type Machine, writeFiles } from './transfer-material.ts';
import {
  ALL,
  COMMIT,
  CONFIG,
  exportFrom,
  importInto,
  makePair,
  type Pair,
  SMALL,
  short,
  snapshotOf,
  stored,
} from './transfer-pair.ts';

let pair: Pair;
let here: Machine;
let there: Machine;
beforeEach(async () => {
  pair = await makePair();
  ({ here, there } = pair);
});
afterEach(() => pair[Symbol.dispose]());

describe('an export', () => {
  test.each(['flat', 'hub', 'tar'] as const)('as %s gives the same store on another machine', async (form) => {
    const to = join(here.dir, form === 'tar' ? 'models.tar' : 'disk');
    const report = await exportFrom(here, form, to);
    expect(report.models.map(({ id }) => id)).toEqual(['asr.small', 'asr.big', 'asr.plain']);
    const imported = await importInto(there, to);
    expect(short(imported)).toEqual(ALL);
    expect(imported).toMatchObject({ bytes: report.bytes, refused: [], unknown: [], entries: [] });
    expect(stored(there)).toEqual(stored(here));
    expect(short(await importInto(there, to)).map(({ imported, already }) => [imported, already])).toEqual([
      [0, 2],
      [0, 3],
      [0, 1],
    ]);
    expect(readdirSync(join(there.root, 'incoming'))).toEqual([]);
    expect(readdirSync(here.dir).filter((name) => name.includes('~'))).toEqual([]);
  });

  test.each(['flat', 'tar'] as const)('as %s of two models with the same bytes is stored once', async (form) => {
    const twin: Contents = { 'same.bin': SMALL['deep/er/model.bin'] ?? '' };
    for (const machine of [here, there]) machine.list(hubEntry('asr.twin', twin));
    await here.store('asr.twin', twin);
    const to = join(here.dir, 'out');
    await exportModels(['asr.small', 'asr.twin'], { registry: here.registry(), places: here.places, form, to });
    const report = await importInto(there, to);
    expect(report.models.map(({ id, complete }) => [id, complete])).toEqual([
      ['asr.small', true],
      ['asr.twin', true],
    ]);
    expect(report.models[1]?.imported).toMatchObject([{ path: 'same.bin', how: 'shared' }]);
    const path = snapshotOf('asr.twin', 'same.bin');
    expect(statSync(join(there.root, path))).toMatchObject({ nlink: 2, size: 2_500_000 });
  });

  test('as flat has plain files under the id, as hub what any client reads, and is whole when it has its manifest', async () => {
    const [flat, hub] = [join(here.dir, 'flat'), join(here.dir, 'hub')];
    await exportFrom(here, 'flat', flat);
    await exportFrom(here, 'hub', hub);
    expect(Object.keys(digestsBelow(flat))).toEqual(
      expect.arrayContaining([
        'asr.small/deep/er/model.bin',
        'asr.big/part-1.bin',
        'asr.plain/voice.th',
        'manifest.json',
      ]),
    );
    expect(lstatSync(join(flat, 'asr.small/deep/er/model.bin')).isFile()).toBe(true);
    const snapshot = `huggingface/hub/models--org--asr.small/snapshots/${COMMIT}`;
    expect(lstatSync(join(hub, snapshot, 'config.json')).isSymbolicLink()).toBe(true);
    expect(readFileSync(join(hub, 'torch/hub/checkpoints/voice.th'), 'utf8')).toBe('plain bytes');
  });

  test('replaces nothing unless told, and never a folder that is no export', async () => {
    const to = join(here.dir, 'disk');
    writeFiles(to, { 'holiday.jpg': 'picture' });
    for (const overwrite of [false, true])
      await expect(exportFrom(here, 'flat', to, { overwrite })).rejects.toMatchObject({ code: 'ERR_USAGE' });
    expect(readdirSync(to)).toEqual(['holiday.jpg']);

    const tar = join(here.dir, 'models.tar');
    writeFileSync(tar, 'old');
    await expect(exportFrom(here, 'tar', tar)).rejects.toMatchObject({ code: 'ERR_USAGE' });
    await exportFrom(here, 'tar', tar, { overwrite: true });
    expect(short(await importInto(there, tar))).toEqual(ALL);
    await exportFrom(here, 'hub', join(here.dir, 'hub'));
    await exportFrom(here, 'hub', join(here.dir, 'hub'), { overwrite: true });
  });

  test.each(['flat', 'hub', 'tar'] as const)('as %s ends at a wrong byte and leaves nothing', async (form) => {
    const path = join(here.root, snapshotOf('asr.big', 'part-2.bin'));
    chmodSync(path, 0o644);
    writeFileSync(path, 'second holf');
    const before = readdirSync(here.dir);
    await expect(exportFrom(here, form, join(here.dir, 'out'))).rejects.toMatchObject({
      code: 'ERR_MODEL_CORRUPT',
      details: { why: expect.stringContaining('part-2.bin') },
    });
    expect(readdirSync(here.dir)).toEqual(before);
  });

  test('of a model that is not complete is refused by name before anything is written', async () => {
    await expect(exportFrom(there, 'flat', join(there.dir, 'out'))).rejects.toMatchObject({
      code: 'ERR_MODEL_MISSING',
      message: expect.stringContaining('asr.small'),
    });
    expect(existsSync(join(there.dir, 'out'))).toBe(false);
  });

  test('or an import that meets a full disk says so, ends and leaves nothing', async () => {
    await exportFrom(here, 'tar', join(here.dir, 'models.tar'));
    const url = (path: string) => pathToFileURL(join(PROJECT_DIR, 'shared/models', path)).href;
    const script = `
      const { openRegistry } = await import('${url('registry/open-registry.ts')}');
      const { exportModels } = await import('${url('transfer/export-models.ts')}');
      const { importModels } = await import('${url('transfer/import-models.ts')}');
      const { here, there } = JSON.parse(process.argv[1]);
      const open = (machine) => ({ ...machine, registry: openRegistry(machine.configDir, machine.localDir) });
      const forms = ['flat', 'hub', 'tar'].map((form) => () => exportModels(['asr.small'], { ...open(here), form, to: here.dir + '/out' }));
      const from = [here.root, here.dir + '/models.tar'].map((from) => () => importModels({ ...open(there), from }));
      for (const work of [...forms, ...from]) console.log(await work().then(() => 'done', ({ code }) => code));`;
    const before = readdirSync(here.dir);
    // A limit on the size of files stands in for the disk: it strikes in the middle of the weights.
    const result = await runProcess({
      argv: [
        'prlimit',
        '--fsize=1000000',
        process.execPath,
        '--input-type=module',
        '-e',
        script,
        JSON.stringify({ here, there }),
      ],
      cwd: here.dir,
      env: { PATH: '/usr/bin:/bin' },
    });
    expect(result.stdout.trim().split('\n')).toEqual(Array(5).fill('ERR_DISK_FULL'));
    expect(readdirSync(here.dir)).toEqual(before);
    expect(readdirSync(join(there.root, 'incoming'))).toEqual([]);
    expect(Object.keys(stored(there)).filter((path) => path.includes('model.bin'))).toEqual([]);
  });

  test('that cannot fit is refused before anything is written', () => {
    expect(() => requireRoom(join(here.dir, 'not/yet'), 1e17)).toThrow(
      expect.objectContaining({
        code: 'ERR_DISK_FULL',
        details: expect.objectContaining({ why: expect.stringMatching(/Needed .* GB .* free/) }),
      }),
    );
  });

  test('carries what an air-gapped machine does not know: a user’s entry and what was locked', async () => {
    const own = hubEntry('asr.own', { 'a.json': '{"mine":1}' });
    const { revision: _, ...unlocked } = { ...own.source, allow: ['*.json'] } as typeof own.source & {
      revision?: string;
    };
    here.list({ ...own, source: unlocked as typeof own.source, files: [] }, 'own');
    const lock = {
      schema: 'model-lock/1',
      models: { 'asr.own': { lockedAt: 'now', from: 'test', revision: COMMIT, files: own.files } },
    };
    writeFileSync(join(here.localDir, 'models.lock.json'), JSON.stringify(lock));
    await here.store('asr.own', { 'a.json': '{"mine":1}' });
    const to = join(here.dir, 'own.tar');
    await exportModels(['asr.own', 'asr.small'], { registry: here.registry(), places: here.places, to, form: 'tar' });

    const report = await importInto(there, to);
    expect(report.entries).toEqual([
      { id: 'asr.own', what: 'added' },
      { id: 'asr.own', what: 'locked' },
    ]);
    expect(report.models.map(({ id, complete }) => [id, complete])).toEqual([
      ['asr.own', true],
      ['asr.small', true],
    ]);
    expect(there.registry().model('asr.own')).toEqual(here.registry().model('asr.own'));
  });

  test('overrides no entry of the other machine', async () => {
    const to = join(here.dir, 'disk');
    await exportFrom(here, 'flat', to);
    const other = hubEntry('asr.small', { ...SMALL, 'config.json': `${CONFIG} ` });
    there.list(other);
    const report = await importInto(there, to);
    expect(there.registry().model('asr.small').entry).toEqual(other);
    expect(report.models[0]).toMatchObject({
      id: 'asr.small',
      complete: false,
      wrong: [{ path: 'config.json', from: 'asr.small/config.json', why: expect.stringMatching(/\d bytes/) }],
    });
  });

  test('with an entry that leads out of the store is refused by id', async () => {
    const to = join(here.dir, 'disk');
    await exportFrom(here, 'flat', to);
    const manifest = JSON.parse(readFileSync(join(to, 'manifest.json'), 'utf8'));
    const bad = hubEntry('asr.evil', { 'x.bin': 'x' });
    manifest.models.push({
      entry: { ...bad, files: [{ ...bad.files[0], path: '../../x.bin' }] },
      revision: COMMIT,
      files: [],
    });
    manifest.models.push({
      entry: hubEntry('asr.hanging', { 'y.bin': 'y' }, { requires: ['asr.nowhere'] }),
      revision: COMMIT,
      files: [],
    });
    chmodSync(join(to, 'manifest.json'), 0o644);
    writeFileSync(join(to, 'manifest.json'), JSON.stringify(manifest));
    const { entries } = await importInto(there, to);
    expect(entries.map(({ id, what }) => [id, what])).toEqual([
      ['asr.evil', 'refused'],
      ['asr.hanging', 'refused'],
    ]);
    expect(() => there.registry()).not.toThrow();
  });
});
