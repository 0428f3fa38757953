import { execFileSync } from 'node:child_process';
import {
  cpSync,
  linkSync,
  mkdirSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  statfsSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { auditStore } from '../../shared/models/audit/audit-store.ts';
import { lookAtModels } from '../../shared/models/audit/look-at-models.ts';
import { hubDir, repoDir, snapshotDir } from '../../shared/models/layout/hub-layout.ts';
import { hub, json, type MadeModel, type Material, makeMaterial, REVISION, tensors, zip } from './audit-material.ts';

const MiB = 1 << 20;
const MODELS: readonly MadeModel[] = [
  {
    id: 'asr.one',
    source: hub('lab/one', { aliases: ['old/one'] }),
    files: { 'model.bin': zip(2 * MiB), 'config.json': json({ a: 1 }) },
  },
  {
    id: 'separate.three',
    source: { type: 'url', base: 'https://example.org/three', folder: 'torch/hub/checkpoints' },
    files: { 'three.th': zip(3000) },
  },
  {
    id: 'animate.four',
    source: hub('lab/four'),
    files: { 'talk.safetensors': tensors('talk', 6000) },
    more: {
      requires: ['asr.one'],
      assemble: [
        { model: 'asr.one', path: 'config.json', to: 'One/config.json' },
        { model: 'animate.four', path: 'talk.safetensors', to: 'One/talk.safetensors' },
      ],
    },
  },
  {
    id: 'diarize.gated',
    source: hub('lab/gated'),
    files: { 'pytorch_model.bin': zip(5 * MiB) },
    more: { gate: { acceptUrl: 'https://huggingface.co/lab/gated' } },
  },
];
const bytesOf = (id: string): number =>
  Object.values(MODELS.find((one) => one.id === id)?.files ?? {}).reduce((sum, { length }) => sum + length, 0);

describe('an audit of the store', () => {
  let material: Material;
  const assemble = (): void => {
    for (const [id, file] of [
      ['asr.one', 'config.json'],
      ['animate.four', 'talk.safetensors'],
    ] as const) {
      const link = join(material.root, 'assembled/animate.four/One', file);
      mkdirSync(dirname(link), { recursive: true });
      symlinkSync(relative(dirname(link), material.path(id, file)), link);
    }
  };

  beforeEach(() => {
    material = makeMaterial(MODELS);
    for (const id of ['asr.one', 'separate.three', 'animate.four']) material.store(id);
  });
  afterEach(() => material[Symbol.dispose]());

  test('counts what the disk counts, what is to come and how many are stored', async () => {
    assemble();
    const audit = await auditStore(material.options);
    const blocks = execFileSync('find', [material.root, '-not', '-type', 'l', '-printf', '%b\n'], { encoding: 'utf8' });
    const du = 512 * blocks.split('\n').reduce((sum, line) => sum + Number(line), 0);
    expect(audit.store.usedBytes).toBe(du);
    const stored = ['asr.one', 'separate.three', 'animate.four'].reduce((sum, id) => sum + bytesOf(id), 0);
    expect(audit.store.logicalBytes).toBe(stored);
    expect(audit.store).toMatchObject({ capacityFrom: 'file-system', additionalBytes: bytesOf('diarize.gated') });
    expect(audit.store.projectedBytes).toBe(du + bytesOf('diarize.gated'));
    const { bavail, bsize } = statfsSync(material.root);
    expect(Math.abs(audit.store.capacityBytes - du - bavail * bsize)).toBeLessThan(1e9);
    expect(audit.stored).toEqual({ complete: 3, of: 4 });
    expect(audit.models.map(({ id, state }) => `${id} ${state}`)).toEqual([
      'asr.one complete-unverified',
      'animate.four complete-unverified',
      'diarize.gated blocked',
      'separate.three complete-unverified',
    ]);
    expect(audit.models[2]?.why).toBe(
      `all of diarize.gated missing: 1 file (weights), ${bytesOf('diarize.gated').toLocaleString('en')} bytes; its terms have to be accepted on https://huggingface.co/lab/gated`,
    );
    expect([audit.orphans, audit.duplicates]).toEqual([[], []]);
  });

  test('measures against a quota where one is set', async () => {
    const { store } = await auditStore({ ...material.options, quotaGB: 0.01 });
    expect(store).toMatchObject({ capacityBytes: 10_000_000, capacityFrom: 'quota' });
    expect(store.projectedPercent).toBeCloseTo((100 * (store.projectedBytes ?? 0)) / 10_000_000, 0);
  });

  test('says that a folder of links is missing, that one leads elsewhere, and that code lies in it', async () => {
    const look = async () => (await lookAtModels(material.options)).get('animate.four');
    expect(await look()).toMatchObject({
      state: 'unassembled',
      why: expect.stringMatching(/^2 of the 2 links in .*assembled/),
    });
    assemble();
    expect(await look()).toMatchObject({ state: 'complete-unverified', why: null });
    const link = join(material.root, 'assembled/animate.four/One/config.json');
    rmSync(link);
    symlinkSync(material.path('animate.four', 'talk.safetensors'), link);
    expect(await look()).toMatchObject({ state: 'unassembled', why: expect.stringContaining('1 of the 2 links') });
    rmSync(link);
    symlinkSync(material.path('asr.one', 'config.json'), link);
    writeFileSync(join(dirname(link), 'run.py'), '');
    expect(await look()).toMatchObject({ state: 'unassembled', why: expect.stringContaining('run.py could be run') });
  });

  test('says that no environment can load a model whose files are there', async () => {
    const looks = await lookAtModels({ ...material.options, environmentState: ({ entry }) => entry.id !== 'asr.one' });
    expect(looks.get('asr.one')).toMatchObject({ state: 'environment-missing', why: 'no environment is ready' });
    expect(looks.get('separate.three')?.state).toBe('complete-unverified');
  });

  test('names everything nobody needs, once, with the bytes that would come free', async () => {
    const put = (path: string, bytes: number): void => {
      mkdirSync(dirname(join(material.root, path)), { recursive: true });
      writeFileSync(join(material.root, path), Buffer.alloc(bytes, path.length));
    };
    const link = (path: string, to: string): void => {
      mkdirSync(dirname(join(material.root, path)), { recursive: true });
      symlinkSync(to, join(material.root, path));
    };
    const old = 'c'.repeat(40);
    const repo = 'huggingface/hub/models--lab--one';
    put(`${repo}/blobs/loose`, 11);
    put(`${repo}/blobs/half.1234.incomplete`, 12);
    put(`${repo}/blobs/of-old`, 13);
    link(`${repo}/snapshots/${old}/model.bin`, '../../blobs/of-old');
    // Shares a file with the revision that is needed.
    link(
      `${repo}/snapshots/${old}/config.json`,
      relative(join(material.root, repo, 'snapshots', old), realpathSync(material.path('asr.one', 'config.json'))),
    );
    put('huggingface/hub/models--some--stranger/snapshots/x/a.bin', 14);
    put('huggingface/hub/.locks/models--some--stranger/a.lock', 1);
    put('huggingface/hub/CACHEDIR.TAG', 5);
    put(`${repo}/refs/main`, 40);
    put('incoming/abc.part', 15);
    put('quarantine/abc', 16);
    put('.s3compat_uploads/1/2', 17);
    put('torch/hub/checkpoints/other.pth', 18);
    put('somebodys/film.mkv', 19);
    put('assembled/gone.model/x', 20);
    put('local/gone.model/x', 21);
    const { orphans } = await auditStore(material.options);
    const found = orphans.map(({ path, bytes, what }) => `${what} ${bytes} ${path.slice(material.root.length + 1)}`);
    expect(found.sort()).toEqual(
      [
        `blob 11 ${repo}/blobs/loose`,
        `leftover 1 huggingface/hub/.locks`,
        'leftover 17 .s3compat_uploads',
        'leftover 20 assembled/gone.model',
        'other 18 torch/hub/checkpoints/other.pth',
        'other 19 somebodys',
        'other 21 local/gone.model',
        `partial-download 12 ${repo}/blobs/half.1234.incomplete`,
        'partial-download 15 incoming/abc.part',
        'quarantined 16 quarantine/abc',
        'repository 14 huggingface/hub/models--some--stranger',
        `revision 13 ${repo}/snapshots/${old}`,
      ].sort(),
    );
  });

  test('finds files that are there twice, by digest where they were hashed, and says honestly where they were not', async () => {
    const copy = join(material.root, 'copy.bin');
    cpSync(realpathSync(material.path('asr.one', 'model.bin')), copy);
    linkSync(copy, join(material.root, 'second-name.bin'));
    const quick = await auditStore(material.options);
    expect(quick.duplicates).toHaveLength(1);
    expect(quick.duplicates[0]).toMatchObject({
      digest: expect.stringContaining('same size'),
      bytes: zip(2 * MiB).length,
    });
    expect(quick.duplicates[0]?.paths).toHaveLength(2);
    for (const path of [copy, realpathSync(material.path('asr.one', 'model.bin'))])
      material.digests.learn(path, await material.digests.remembered(path));
    expect((await auditStore(material.options)).duplicates[0]?.digest).toMatch(/^sha256:/);
  });

  test('reads a cache whose snapshots hold files instead of links, and one whose blobs are shared', async () => {
    const snapshot = snapshotDir(material.root, 'lab/one', REVISION);
    for (const name of readdirSync(snapshot)) renameSync(realpathSync(join(snapshot, name)), join(snapshot, name));
    const blob = realpathSync(material.path('animate.four', 'talk.safetensors'));
    const shared = join(hubDir(material.root), 'blobs', 'ab', basename(blob));
    mkdirSync(dirname(shared), { recursive: true });
    renameSync(blob, shared);
    writeFileSync(join(hubDir(material.root), '.huggingface-shared-blobs'), '');
    const link = material.path('animate.four', 'talk.safetensors');
    rmSync(link);
    symlinkSync(relative(dirname(link), shared), link);
    const lone = join(hubDir(material.root), 'blobs', 'cd', 'lone');
    mkdirSync(dirname(lone));
    writeFileSync(lone, 'lone');
    assemble();
    const audit = await auditStore({ ...material.options, ids: ['animate.four'] });
    expect(audit.models.map(({ state }) => state)).toEqual(['complete-unverified', 'complete-unverified']);
    expect(audit.orphans).toEqual([{ path: lone, bytes: 4, what: 'blob' }]);
    const all = ['asr.one', 'separate.three', 'animate.four'].reduce((sum, id) => sum + bytesOf(id), 4);
    expect(audit.store.logicalBytes).toBe(all);
  });

  test('finds a model under a name its repository had, and in the root where it is whole', async () => {
    renameSync(repoDir(material.root, 'lab/one'), repoDir(material.root, 'old/one'));
    const second = join(material.dir, 'second');
    cpSync(material.root, second, { recursive: true, verbatimSymlinks: true });
    rmSync(join(snapshotDir(material.root, 'old/one', REVISION), 'config.json'));
    const places = { ...material.options.places, roots: { environments: '', models: [material.root, second] } };
    const looks = await lookAtModels({ ...material.options, places });
    expect(looks.get('asr.one')).toMatchObject({
      state: 'complete-unverified',
      dir: snapshotDir(second, 'old/one', REVISION),
    });
  });

  test('of an empty store says that everything is missing and what it takes, and changes nothing', async () => {
    rmSync(material.root, { recursive: true });
    const audit = await auditStore({ ...material.options, ids: ['separate.three'] });
    expect(audit.models).toMatchObject([
      { state: 'missing', missingBytes: bytesOf('separate.three'), presentBytes: 0 },
    ]);
    expect(audit.store).toMatchObject({ usedBytes: 0, additionalBytes: bytesOf('separate.three') });
    expect(audit.stored).toEqual({ complete: 0, of: 1 });
  });

  test('of an unknown model is refused with a suggestion', async () => {
    await expect(auditStore({ ...material.options, ids: ['asr.on'] })).rejects.toMatchObject({
      code: 'ERR_MODEL_UNKNOWN',
      message: expect.stringContaining('asr.one'),
    });
  });
});
