import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openRegistry } from './open-registry.ts';
import { type SelectOptions, selectModels } from './select-models.ts';

const registry = openRegistry(resolve(import.meta.dirname, '../../../config'));
const select = (options: Partial<SelectOptions>) => selectModels(registry, { platform: 'linux-x64', ...options });
const MLX = 'asr.mlx-whisper.large-v3';

describe('models that flags mean', () => {
  test('are none without a flag', () => {
    expect(select({})).toEqual({ ids: [], leftOut: [], unserved: [] });
  });

  test('of a set are its own, what they require first, and the aligner of English', () => {
    expect(select({ sets: ['whisperx'] }).ids).toEqual([
      'asr.faster-whisper.large-v3',
      'vad.silero.v6',
      'support.nltk.punkt_tab',
      'align.whisperx.en',
    ]);
    expect(select({ sets: ['multitalk'] }).ids.at(-1)).toBe('animate.multitalk');
  });

  test('of two sets come once each', () => {
    const { ids } = select({ sets: ['whisperx', 'faster-whisper', 'voice-activity'] });
    expect(new Set(ids).size).toBe(ids.length);
  });

  test('for a language that is named are those of this language, beside what the set always brings', () => {
    const { ids, leftOut } = select({ sets: ['whisperx'], languages: ['hi'] });
    expect(ids).toEqual(expect.arrayContaining(['align.whisperx.en', 'align.whisperx.hi']));
    expect(ids).not.toContain('align.whisperx.te');
    expect(leftOut).toContainEqual({
      id: 'align.whisperx.te',
      because: 'language',
      why: expect.stringContaining('--lang te'),
    });
  });

  test('for a language without one of a country serve every country, and the other way round', () => {
    expect(select({ sets: ['piper'], languages: ['pt'] }).ids).toEqual(['synthesize.piper.pt_br-faber-medium']);
    expect(select({ sets: ['whisperx'], languages: ['pt-BR'] }).ids).toContain('align.whisperx.pt');
    expect(select({ sets: ['piper'], languages: ['es-MX'] }).ids).toEqual(['synthesize.piper.es_mx-ald-medium']);
  });

  test('for no language are those of English where a set has only models for one', () => {
    expect(select({ sets: ['piper'] }).ids).toEqual(['synthesize.piper.en_us-lessac-medium']);
    expect(select({ sets: ['piper'], languages: ['hi'] }).ids).toEqual(['synthesize.piper.hi_in-pratham-medium']);
  });

  test('say for which of the languages a set has nothing', () => {
    expect(select({ sets: ['whisperx', 'nllb'], languages: ['ta', 'hi'] }).unserved).toEqual([
      { set: 'whisperx', language: 'ta' },
    ]);
  });

  test('of another platform are left out with the reason, unless any platform is asked for or the model is named', () => {
    const { ids, leftOut } = select({ sets: ['mlx'] });
    expect(ids).toEqual([]);
    expect(leftOut).toEqual([
      { id: MLX, because: 'platform', why: expect.stringMatching(/darwin-arm64.*linux-x64.*--any-platform/) },
    ]);
    expect(select({ sets: ['mlx'], anyPlatform: true }).ids).toEqual([MLX]);
    expect(select({ sets: ['mlx'], platform: 'darwin-arm64' }).ids).toEqual([MLX]);
    expect(select({ sets: ['mlx'], models: [MLX] })).toEqual({ ids: [MLX], leftOut: [], unserved: [] });
  });

  test('of --all are those of its sets and the default engines, and neither alternatives nor talking video', () => {
    const { ids } = select({ all: true, defaultModels: ['synthesize.kokoro.82m'] });
    expect(ids).toEqual(
      expect.arrayContaining([
        'asr.faster-whisper.large-v3',
        'align.whisperx.en',
        'translate.indictrans2.indic-en-1b',
        'translate.nllb.600m',
        'vad.silero.v6',
        'asr.moonshine.tiny-en',
        'synthesize.kokoro.82m',
      ]),
    );
    for (const id of ['animate.multitalk', 'translate.nllb.3.3b', MLX, 'align.whisperx.fr', 'synthesize.f5tts.v1-base'])
      expect(ids).not.toContain(id);
    expect(select({ sets: ['nllb'], defaultModels: ['synthesize.kokoro.82m'] }).ids).not.toContain(
      'synthesize.kokoro.82m',
    );
  });

  test('of --everything are all that the registry has', () => {
    const { ids, leftOut } = select({ everything: true });
    expect([...ids].sort()).toEqual([...registry.models.keys()]);
    expect(leftOut).toEqual([]);
  });

  test('bring what a single model requires', () => {
    expect(select({ models: ['synthesize.f5tts.v1-base'] }).ids).toEqual([
      'vocoder.vocos.mel-24khz',
      'synthesize.f5tts.v1-base',
    ]);
  });

  test.each([
    ['a set', { sets: ['whisprx'] }, 'ERR_USAGE', 'Did you mean whisperx?'],
    ['a model', { models: ['translate.nllb.600n'] }, 'ERR_MODEL_UNKNOWN', 'Did you mean translate.nllb.600m?'],
    ['a language', { sets: ['piper'], languages: ['hindi'] }, 'ERR_LANGUAGE_UNKNOWN', 'Did you mean hi?'],
  ])('that are not there are refused with what was meant: %s', (_, options, code, part) => {
    expect(() => select(options)).toThrow(expect.objectContaining({ code, message: expect.stringContaining(part) }));
  });
});
