import { describe, expect, it } from 'vitest';
import { smallManifest, smallRecord } from '../../tests/helpers/small-manifest.ts';
import type { Digest } from '../contract/ids.ts';
import type { JobManifest } from '../contract/job.ts';
import type { StageKey, StageRecord } from '../contract/record.ts';
import { digestOf } from '../util/digest.ts';
import { fingerprintOfKey, isCacheable, type KeyContext, producersOf, stageKey } from './stage-key.ts';

const ENGINE = { version: '1', environment: digestOf('environment'), models: ['b', 'a'] };
const manifest = (
  engine: Partial<Omit<typeof ENGINE, 'environment'> & { environment: Digest | null }> = {},
): JobManifest =>
  smallManifest(
    [
      { id: 'extract', inputs: { media: 'media.file' }, tools: ['ffmpeg'] },
      {
        id: 'asr',
        inputs: { speech: 'extract.speech' },
        engines: { asr: 'asr/x' },
        engineParams: { asr: { beam: 5 } },
      },
      { id: 'subtitle.en', inputs: { words: 'asr.words' }, params: { width: 40 } },
      { id: 'subtitle.pt-BR', inputs: { words: 'asr.words' } },
      {
        id: 'mux',
        inputs: {
          media: 'media.file',
          extra: 'extract.programme',
          subtitles: ['subtitle.en.srt', 'subtitle.pt-BR.srt'],
        },
      },
    ],
    {
      lock: {
        engines: { 'asr/x': { ...ENGINE, ...engine } },
        models: { a: { digest: digestOf('a') }, b: { digest: digestOf('b') } },
        tools: { ffmpeg: '5.1' },
      },
    },
  );
const CODE = { extract: 'c1', asr: 'c2', subtitle: 'c3', mux: 'c4' };

/** Keys of all stages, with every record there: each stage's output is its own name. */
function keysOf(
  context: Partial<KeyContext> = {},
  outputs: Readonly<Record<string, Record<string, string>>> = {},
): Map<string, StageKey> {
  const full: KeyContext = { manifest: manifest(), code: CODE, resolved: {}, ...context };
  const keys = new Map<string, StageKey>();
  const records = new Map<string, StageRecord>();
  for (const stage of full.manifest.stages) {
    const key = stageKey(stage, full, (instance) => records.get(instance));
    if (key === undefined) throw new Error(`no key for ${stage.id}`);
    keys.set(stage.id, key);
    const ports =
      { extract: ['speech', 'programme'], asr: ['words'], subtitle: ['srt'], mux: ['mkv'] }[stage.stage] ?? [];
    const own = outputs[stage.id] ?? Object.fromEntries(ports.map((port) => [port, `${stage.id} ${port}`]));
    records.set(stage.id, smallRecord(key, own));
  }
  return keys;
}
const changed = (before: Map<string, StageKey>, after: Map<string, StageKey>): readonly string[] =>
  [...before]
    .filter(([id, key]) => fingerprintOfKey(key) !== fingerprintOfKey(after.get(id) as StageKey))
    .map(([id]) => id);

describe('the key of a stage', () => {
  it('is made of code, engines, models, tools, parameters and inputs by content', () => {
    expect(keysOf().get('asr')).toEqual({
      v: 1,
      stage: 'asr',
      code: 'c2',
      engines: { asr: { id: 'asr/x', version: '1', environment: ENGINE.environment, params: { beam: 5 } } },
      models: [
        { id: 'a', digest: digestOf('a') },
        { id: 'b', digest: digestOf('b') },
      ],
      tools: {},
      params: {},
      inputs: { speech: digestOf('extract speech') },
    });
    expect(keysOf().get('extract')).toMatchObject({ tools: { ffmpeg: '5.1' }, inputs: { media: digestOf('film') } });
  });

  it('changes with the code of its own stage, and no other does while the outputs stay the same', () => {
    const before = keysOf();
    expect(changed(before, keysOf({ code: { ...CODE, asr: 'new' } }))).toEqual(['asr']);
    expect(changed(before, keysOf({ code: { ...CODE, subtitle: 'new' } }))).toEqual(['subtitle.en', 'subtitle.pt-BR']);
  });

  it('changes where another output is read, and only there', () => {
    const other = { 'subtitle.en': { srt: 'another text' } };
    expect(changed(keysOf(), keysOf({}, other))).toEqual(['mux']);
  });

  it('holds the instance beside each digest of a list, so that exchanged languages are another key', () => {
    expect(keysOf().get('mux')?.inputs.subtitles).toEqual([
      `subtitle.en=${digestOf('subtitle.en srt')}`,
      `subtitle.pt-BR=${digestOf('subtitle.pt-BR srt')}`,
    ]);
    const exchanged = { 'subtitle.en': { srt: 'subtitle.pt-BR srt' }, 'subtitle.pt-BR': { srt: 'subtitle.en srt' } };
    expect(changed(keysOf(), keysOf({}, exchanged))).toEqual(['mux']);
  });

  it('leaves out an optional output that was not written, alone or in a list', () => {
    const without = keysOf({}, { extract: { speech: 'extract speech' }, 'subtitle.en': {} }).get('mux');
    expect(Object.keys(without?.inputs ?? {})).toEqual(['media', 'subtitles']);
    expect(without?.inputs.subtitles).toEqual([`subtitle.pt-BR=${digestOf('subtitle.pt-BR srt')}`]);
  });

  it('is not known while a record of a producer is not', () => {
    const context = { manifest: manifest(), code: CODE, resolved: {} };
    const [extract, asr, , , mux] = context.manifest.stages;
    if (!extract || !asr || !mux) throw new Error('no stages');
    expect(stageKey(extract, context, () => undefined)).toBeDefined();
    expect(stageKey(asr, context, () => undefined)).toBeUndefined();
    expect(stageKey(mux, context, () => undefined)).toBeUndefined();
  });

  it('takes an environment that the manifest could not know from what was found since', () => {
    const unknown = { manifest: manifest({ environment: null }) };
    const found = { ...unknown, resolved: { 'asr/x': digestOf('found') } };
    expect(keysOf(unknown).get('asr')?.engines.asr?.environment).toBeNull();
    expect(keysOf(found).get('asr')?.engines.asr?.environment).toBe(digestOf('found'));
  });

  it('is not to be remembered under an environment that nobody knows', () => {
    const key = (environment: Digest | null): StageKey =>
      keysOf({ manifest: manifest({ environment }) }).get('asr') as StageKey;
    expect(isCacheable(key(null))).toBe(false);
    expect(isCacheable(key(digestOf('environment')))).toBe(true);
    expect(isCacheable(keysOf().get('extract') as StageKey)).toBe(true);
  });

  it('cannot be made without the digest of the code', () => {
    expect(() => keysOf({ code: { extract: 'c1' } })).toThrow(expect.objectContaining({ code: 'ERR_CONFIG_INVALID' }));
  });

  it('does not depend on threads', () => {
    const stages = manifest().stages.map((stage) => ({ ...stage, runtime: { threads: 8 } }));
    expect(changed(keysOf(), keysOf({ manifest: { ...manifest(), stages } }))).toEqual([]);
  });
});

it('the producers of a stage are named once each, in wiring order, without the film', () => {
  const producers = manifest().stages.map((stage) => producersOf(stage));
  expect(producers).toEqual([[], ['extract'], ['asr'], ['asr'], ['extract', 'subtitle.en', 'subtitle.pt-BR']]);
});
