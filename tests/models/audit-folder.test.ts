import {
  closeSync,
  ftruncateSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { auditFolder, filesToAdopt } from '../../shared/models/audit/audit-folder.ts';
import type { AuditOptions } from '../../shared/models/audit/audit-options.ts';
import { openRegistry } from '../../shared/models/registry/open-registry.ts';
import { PROJECT_DIR } from '../helpers/workspace.ts';
import { hub, json, type MadeModel, makeMaterial, REVISION, tensors, zip } from './audit-material.ts';

const WAN = 'support.wan2.1-i2v-14b-480p';
const WAV2VEC = 'support.chinese-wav2vec2-base';
const WAV2VEC_REVISION = '3991242c806928916fff4a8c0e4f76acf661b743';

/** A file with holes of the given size, with the head and the end that its format has. */
function sparse(path: string, bytes: number): void {
  mkdirSync(dirname(path), { recursive: true });
  const fd = openSync(path, 'w');
  try {
    ftruncateSync(fd, bytes);
    if (path.endsWith('.safetensors')) {
      const text = (end: number): string =>
        JSON.stringify({ t: { dtype: 'U8', shape: [end], data_offsets: [0, end] } });
      // The header's own length depends on the number of digits in it only.
      const length = text(bytes).length;
      const end = bytes - 8 - length;
      const head = Buffer.alloc(8 + length, ' ');
      head.writeBigUInt64LE(BigInt(length));
      head.write(text(end), 8);
      writeSync(fd, head, 0, head.length, 0);
    } else {
      const whole = zip(1);
      writeSync(fd, whole, 0, 64, 0);
      writeSync(fd, whole, whole.length - 22, 22, bytes - 22);
    }
  } finally {
    closeSync(fd);
  }
}

/** Real sizes where they are published (docs of the models), near ones for the shard and for MultiTalk's own weights. */
const SIZES = {
  multitalk: 9_947_800_000,
  shard: 7_000_000_000,
  clip: 4_772_359_047,
  vae: 507_609_880,
  otherClip: 1_710_540_580,
  otherWav2vec: 1_262_000_000,
  wav2vec: 380_261_837,
} as const;

describe("somebody's folder", () => {
  let dir: string;
  let options: AuditOptions;

  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'audit-folder-'));
    options = {
      registry: openRegistry(join(PROJECT_DIR, 'config'), join(dir, 'no-local')),
      places: { projectDir: PROJECT_DIR, roots: { environments: join(dir, 'none'), models: [join(dir, 'none')] } },
      digests: undefined,
    };
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  const volume = (): string => {
    const root = join(dir, 'volume');
    const wan = join(root, 'wan2.1-i2v-14b-480p');
    sparse(join(wan, 'multitalk.safetensors'), SIZES.multitalk);
    sparse(join(wan, 'diffusion_pytorch_model-00007-of-00007.safetensors'), SIZES.shard);
    sparse(join(wan, 'models_clip_open-clip-xlm-roberta-large-vit-huge-14.pth'), SIZES.clip);
    sparse(join(wan, 'Wan2.1_VAE.pth'), SIZES.vae);
    sparse(join(root, 'wav2vec2-large-960h/pytorch_model.bin'), SIZES.otherWav2vec);
    return root;
  };

  test('a network volume with four files of the talking video: what is missing is named by kind and number', async () => {
    const root = volume();
    const audit = await auditFolder(root, { ...options, ids: ['animate.multitalk'] });
    const multitalk = audit.models.find(({ id }) => id === 'animate.multitalk');
    expect(multitalk?.state).toBe('partial');
    for (const part of [
      'index missing',
      `weights (shards 1–6 of 7, models_t5_umt5-xxl-enc-bf16.pth), index, config and `,
      `tokenizer files of ${WAN} missing`,
      `all of ${WAV2VEC} missing: 3 files (weights, config, processor)`,
      'needed by animate.multitalk',
    ])
      expect(multitalk?.why).toContain(part);
    const missing = multitalk?.problems.map(({ path, state }) => `${state} ${path}`);
    expect(missing).toContain('missing google/umt5-xxl/tokenizer.json');
    expect(missing).toContain('missing xlm-roberta-large/tokenizer.json');
    expect(missing?.filter((one) => one.includes('-of-00007'))).toHaveLength(6);
    expect(
      audit.found.map(({ model, file, path }) => `${model} ${file} ${path.slice(root.length + 1)}`).sort(),
    ).toEqual([
      'animate.multitalk multitalk.safetensors wan2.1-i2v-14b-480p/multitalk.safetensors',
      ...[
        'Wan2.1_VAE.pth',
        'diffusion_pytorch_model-00007-of-00007.safetensors',
        'models_clip_open-clip-xlm-roberta-large-vit-huge-14.pth',
      ].map((file) => `${WAN} ${file} wan2.1-i2v-14b-480p/${file}`),
    ]);
    expect(audit.notNeeded).toEqual([
      { path: join(root, 'wav2vec2-large-960h'), name: 'wav2vec2-large-960h', bytes: SIZES.otherWav2vec, models: [] },
    ]);
    expect(audit.couldRunOffline).toMatchObject({ yes: false, models: [{ id: 'animate.multitalk', yes: false }] });
    const all = SIZES.multitalk + SIZES.shard + SIZES.clip + SIZES.vae + SIZES.otherWav2vec;
    expect(audit.store.logicalBytes).toBe(all);
    expect(audit.store.usedBytes).toBeLessThan(10_000_000);
  });

  test('without a model named the same volume is recognised, and what is there of others with equal files is not said twice', async () => {
    const audit = await auditFolder(volume(), options);
    const ids = audit.models.map(({ id }) => id);
    expect(ids).toContain('animate.multitalk');
    expect(ids).toContain(WAN);
    expect(ids).not.toContain('support.wan2.1-i2v-14b-720p');
    expect(audit.couldRunOffline.models.map(({ id }) => id)).toEqual(['animate.multitalk']);
  });

  test('a file of it that was cut is told from one that is whole', async () => {
    const root = volume();
    sparse(join(root, 'wan2.1-i2v-14b-480p/models_clip_open-clip-xlm-roberta-large-vit-huge-14.pth'), 1_000_000_000);
    const audit = await auditFolder(root, { ...options, ids: [WAN] });
    expect(audit.models[0]?.problems).toContainEqual(
      expect.objectContaining({ state: 'truncated', foundBytes: 1_000_000_000, bytes: SIZES.clip }),
    );
  });

  test('a cache with hub, transformers and diffusers: what MultiTalk needs of it, what it does not, each byte once', async () => {
    const root = join(dir, 'cache');
    const repo = (under: string, name: string): string => join(root, under, `models--${name.replace('/', '--')}`);
    const link = (folder: string, revision: string, file: string, blob: string): void => {
      const path = join(folder, 'snapshots', revision, file);
      mkdirSync(dirname(path), { recursive: true });
      symlinkSync(join('../../blobs', blob), path);
    };
    const wav2vec = repo('hub', 'TencentGameMate/chinese-wav2vec2-base');
    sparse(join(wav2vec, 'blobs/weights'), SIZES.wav2vec);
    link(wav2vec, WAV2VEC_REVISION, 'pytorch_model.bin', 'weights');
    mkdirSync(join(wav2vec, 'refs'));
    writeFileSync(join(wav2vec, 'refs/main'), WAV2VEC_REVISION);
    const clip = repo('hub', 'openai/clip-vit-large-patch14');
    sparse(join(clip, 'blobs/clip.safetensors'), SIZES.otherClip);
    link(clip, 'f'.repeat(40), 'model.safetensors', 'clip.safetensors');
    // The older library's folder has the same bytes under another name.
    const again = repo('transformers', 'openai/clip-vit-large-patch14');
    mkdirSync(join(again, 'blobs'), { recursive: true });
    linkSync(join(clip, 'blobs/clip.safetensors'), join(again, 'blobs/clip.safetensors'));
    link(again, 'f'.repeat(40), 'model.safetensors', 'clip.safetensors');
    const vae = repo('diffusers', 'stabilityai/sd-vae-ft-mse');
    sparse(join(vae, 'blobs/vae.safetensors'), 334_643_276);
    link(vae, 'e'.repeat(40), 'diffusion_pytorch_model.safetensors', 'vae.safetensors');
    sparse(join(vae, 'blobs/vae.123.incomplete'), 1000);

    const audit = await auditFolder(root, { ...options, ids: ['animate.multitalk'] });
    expect(audit.found.map(({ model, file, state }) => `${model} ${file} ${state}`)).toEqual([
      `${WAV2VEC} pytorch_model.bin unverified`,
    ]);
    expect(audit.models.find(({ id }) => id === WAV2VEC)?.why).toContain('config and processor missing');
    expect(audit.notNeeded.map(({ name, bytes }) => ({ name, bytes })).sort((a, b) => b.bytes - a.bytes)).toEqual([
      { name: 'openai/clip-vit-large-patch14', bytes: SIZES.otherClip },
      { name: 'stabilityai/sd-vae-ft-mse', bytes: 334_643_276 + 1000 },
    ]);
    expect(audit.store.logicalBytes).toBe(
      SIZES.wav2vec + SIZES.otherClip + 334_643_276 + 1000 + WAV2VEC_REVISION.length,
    );
    expect(audit.orphans).toEqual([
      { path: join(vae, 'blobs/vae.123.incomplete'), bytes: 1000, what: 'partial-download' },
    ]);
  });
});

describe("somebody's folder of models whose digests are known", () => {
  const MODELS: readonly MadeModel[] = [
    {
      id: 'asr.one',
      source: hub('Lab/One-Big_Model'),
      files: { 'model.bin': zip(1 << 21), 'config.json': json({ a: 1 }) },
    },
    {
      id: 'align.two',
      source: hub('lab/two'),
      files: { 'two.safetensors': tensors('two', 900) },
      more: { requires: ['asr.one'] },
    },
    {
      id: 'vad.three',
      source: { type: 'url', base: 'https://example.org', folder: 'three' },
      files: { 'three.pt': zip(50) },
    },
  ];
  const content = (id: string, file: string): Buffer =>
    MODELS.find((one) => one.id === id)?.files[file] ?? Buffer.alloc(0);
  const write = (path: string, bytes: Buffer): void => {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, bytes);
  };

  test('could run offline when everything is there, in whatever spelling, and its files can be adopted once they were hashed', async () => {
    using material = makeMaterial(MODELS);
    const root = join(material.dir, 'mine');
    write(join(root, 'one-big-model/model.bin'), content('asr.one', 'model.bin'));
    write(join(root, 'ONE_BIG_MODEL/config.json'), content('asr.one', 'config.json'));
    write(join(root, 'stuff/two.safetensors'), content('align.two', 'two.safetensors'));
    const quick = await auditFolder(root, material.options);
    expect(quick.couldRunOffline).toEqual({ yes: true, models: [{ id: 'align.two', yes: true, why: null }] });
    expect(filesToAdopt(quick).map(({ verified }) => verified)).toEqual([false, false, false]);
    const deep = await auditFolder(root, { ...material.options, deep: true });
    expect(
      filesToAdopt(deep).map(
        ({ model, file, path, verified }) => `${model} ${file} ${path.slice(root.length + 1)} ${verified}`,
      ),
    ).toEqual([
      'asr.one model.bin one-big-model/model.bin true',
      'asr.one config.json ONE_BIG_MODEL/config.json true',
      'align.two two.safetensors stuff/two.safetensors true',
    ]);
    expect(deep.models.map(({ state }) => state)).toEqual(['complete', 'complete']);
  });

  test('deep finds a large file under another name, and a changed one under its own', async () => {
    using material = makeMaterial(MODELS);
    const root = join(material.dir, 'mine');
    write(join(root, 'renamed.dat'), content('asr.one', 'model.bin'));
    write(join(root, 'lab--two/two.safetensors'), tensors('two', 900, 9));
    expect((await auditFolder(root, { ...material.options, ids: ['asr.one'] })).found).toEqual([]);
    const deep = await auditFolder(root, { ...material.options, ids: ['asr.one', 'align.two'], deep: true });
    expect(deep.found.map(({ file, state }) => `${file} ${state}`)).toEqual([
      'model.bin ok',
      'two.safetensors corrupt',
    ]);
    expect(filesToAdopt(deep).map(({ file }) => file)).toEqual(['model.bin']);
  });

  test('is hashed once: a second deep audit reads nothing, files of strangers included', async () => {
    // Files that were written just now are not remembered; for this clock they are old.
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 60_000 });
    using material = makeMaterial(MODELS);
    const root = join(material.dir, 'mine');
    const weights = content('asr.one', 'model.bin');
    write(join(root, 'renamed.dat'), weights);
    write(join(root, 'no-model.dat'), Buffer.alloc(weights.length, 3));
    const options = { ...material.options, ids: ['asr.one'], deep: true };
    expect((await auditFolder(root, options)).hashedBytes).toBe(2 * weights.length);
    const again = await auditFolder(root, options);
    expect(again.hashedBytes).toBe(0);
    expect(again.found.map(({ path }) => path)).toEqual([join(root, 'renamed.dat')]);
    vi.useRealTimers();
  });

  test('with only another revision says which, and takes its equal files as files to be verified', async () => {
    using material = makeMaterial(MODELS);
    const other = join(material.dir, 'mine/hub/models--Lab--One-Big_Model/snapshots', 'd'.repeat(40));
    write(join(other, 'config.json'), json({ another: true }));
    const audit = await auditFolder(join(material.dir, 'mine'), { ...material.options, ids: ['asr.one'] });
    expect(audit.models[0]).toMatchObject({ state: 'stale', why: expect.stringContaining('only dddddddddddd') });
    write(join(other, 'model.bin'), content('asr.one', 'model.bin'));
    const more = await auditFolder(join(material.dir, 'mine'), { ...material.options, ids: ['asr.one'] });
    expect(more.models[0]).toMatchObject({ state: 'partial', why: 'config missing' });
  });

  test('that is a hub cache of ours is read as one, and one that is not there is empty', async () => {
    using material = makeMaterial(MODELS);
    for (const { id } of MODELS) material.store(id);
    const audit = await auditFolder(material.root, material.options);
    expect(audit.stored).toEqual({ complete: 3, of: 3 });
    expect(audit.notNeeded).toEqual([]);
    expect(audit.models.find(({ id }) => id === 'asr.one')?.dir).toContain(`snapshots/${REVISION}`);
    const none = await auditFolder(join(material.dir, 'nowhere'), material.options);
    expect(none).toMatchObject({ found: [], couldRunOffline: { yes: false, models: [] } });
  });
});
