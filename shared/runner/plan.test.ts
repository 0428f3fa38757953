import { describe, expect, it } from 'vitest';
import { smallManifest, smallRecord } from '../../tests/helpers/small-manifest.ts';
import type { Digest, Fingerprint } from '../contract/ids.ts';
import type { JobManifest } from '../contract/job.ts';
import type { StageRecord } from '../contract/record.ts';
import { digestOf } from '../util/digest.ts';
import { type PlanContext, planJob } from './plan.ts';
import { stageKey } from './stage-key.ts';

/** extract -> asr -> text (delivered), and asr -> voice (delivered); nobody delivers `spare`. */
const manifest = smallManifest(
  [
    { id: 'extract', inputs: { media: 'media.file' } },
    { id: 'asr', inputs: { in: 'extract.out' } },
    { id: 'text', inputs: { in: 'asr.out' } },
    { id: 'voice', inputs: { in: 'asr.out' } },
    { id: 'spare', inputs: { in: 'asr.out' } },
  ],
  {
    deliverables: [
      { from: 'text.out', to: 'film.txt' },
      { from: 'voice.out', to: 'film.m4a' },
    ],
  },
);
const CODE = Object.fromEntries(manifest.stages.map(({ id }) => [id, 'c']));
const CLIP = digestOf('a clip');

/** A store that has the records of these stages, made as a run would have made them. */
function recordsOf(ids: readonly string[], of: JobManifest = manifest): Map<Fingerprint, StageRecord> {
  const records = new Map<string, StageRecord>();
  const stored = new Map<Fingerprint, StageRecord>();
  for (const stage of of.stages) {
    const key = stageKey(stage, { manifest: of, code: CODE, resolved: {} }, (instance) => records.get(instance));
    if (key === undefined) continue;
    const record = smallRecord(key, { out: stage.id }, stage.id === 'voice' ? [CLIP] : []);
    records.set(stage.id, record);
    if (ids.includes(stage.id)) stored.set(record.fingerprint, record);
  }
  return stored;
}
const ALL = manifest.stages.map(({ id }) => id);

function plan(
  have: readonly string[],
  change: Partial<PlanContext> & { readonly gone?: readonly Digest[] } = {},
): Record<string, string> {
  const stored = recordsOf(have);
  const { gone = [], ...context } = change;
  const planned = planJob({
    manifest,
    code: CODE,
    resolved: {},
    readRecord: (fingerprint) => stored.get(fingerprint),
    hasObject: (digest) => !gone.includes(digest),
    missing: [],
    ...context,
  });
  return Object.fromEntries(
    planned.map(({ stage, state, reason }) => [
      stage.id,
      reason.kind === 'pending'
        ? `${state} on ${reason.on.join(' ')}`
        : state === reason.kind
          ? state
          : `${state}: ${reason.kind}`,
    ]),
  );
}

describe('a plan', () => {
  it('of a new job runs the first stage and says whom the others wait for; what nobody wants is not needed', () => {
    expect(plan([])).toEqual({
      extract: 'run: no-record',
      asr: 'pending on extract',
      text: 'pending on asr',
      voice: 'pending on asr',
      spare: 'not-needed',
    });
  });

  it('of a finished job is all hits', () => {
    expect(plan(ALL)).toEqual({ extract: 'hit', asr: 'hit', text: 'hit', voice: 'hit', spare: 'hit' });
  });

  it('runs only what has no record', () => {
    expect(plan(['extract', 'asr', 'voice'])).toMatchObject({
      asr: 'hit',
      text: 'run: no-record',
      voice: 'hit',
      spare: 'not-needed',
    });
  });

  it('cannot look behind a record that is missing: its readers are pending although they may turn out to be hits', () => {
    expect(plan(['extract', 'text', 'voice'])).toMatchObject({
      asr: 'run: no-record',
      text: 'pending on asr',
      voice: 'pending on asr',
    });
  });

  it('does not care for an object that is gone while nobody needs it', () => {
    const gone = [digestOf('extract'), digestOf('asr'), digestOf('text'), CLIP];
    expect(plan(ALL, { gone })).toMatchObject({ extract: 'hit', asr: 'hit', text: 'hit', voice: 'hit' });
  });

  it('makes a missing deliverable again only when its object is gone, and then what that needs', () => {
    expect(plan(ALL, { missing: ['text.out'] })).toMatchObject({ text: 'hit', asr: 'hit' });
    expect(plan(ALL, { missing: ['text.out'], gone: [digestOf('text')] })).toMatchObject({
      text: 'run: object-missing',
      voice: 'hit',
      asr: 'hit',
    });
    expect(
      plan(ALL, { missing: ['text.out'], gone: ['text', 'asr', 'extract'].map((id) => digestOf(id)) }),
    ).toMatchObject({
      extract: 'run: object-missing',
      asr: 'run: object-missing',
      text: 'run: object-missing',
      voice: 'hit',
    });
  });

  it('takes an object that is named inside a stream for a part of it', () => {
    expect(plan(ALL, { missing: ['voice.out'], gone: [CLIP] })).toMatchObject({
      voice: 'run: object-missing',
      text: 'hit',
    });
  });

  it('makes what a stage that must run reads, when it was evicted', () => {
    expect(plan(['extract', 'asr', 'voice'], { gone: [digestOf('asr')] })).toMatchObject({
      extract: 'hit',
      asr: 'run: object-missing',
      text: 'run: no-record',
      voice: 'hit',
    });
  });

  it('forces one stage, an instance or everything, and only those are called forced', () => {
    expect(plan(ALL, { force: 'text' })).toMatchObject({
      extract: 'hit',
      asr: 'hit',
      text: 'run: forced',
      voice: 'hit',
    });
    expect(plan(ALL, { force: 'all' })).toMatchObject({
      extract: 'run: forced',
      asr: 'run: forced',
      text: 'run: forced',
      voice: 'run: forced',
    });
    expect(plan(ALL, { force: 'asr' })).toMatchObject({ extract: 'hit', asr: 'run: forced', text: 'pending on asr' });
    expect(plan(ALL, { force: 'nobody' })).toEqual(plan(ALL));
  });

  it('remembers nothing of an engine whose environment is not known', () => {
    const unknown = smallManifest([{ id: 'asr', engines: { asr: 'asr/x' } }], {
      lock: { engines: { 'asr/x': { version: '1', environment: null, models: [] } }, models: {}, tools: {} },
      deliverables: [{ from: 'asr.out', to: 'film.txt' }],
    });
    const states = (resolved: Readonly<Record<string, Digest>>) =>
      planJob({
        manifest: unknown,
        code: CODE,
        resolved,
        readRecord: (fingerprint) => ({ ...smallRecord({} as never, { out: 'x' }), fingerprint }),
        hasObject: () => true,
        missing: [],
      }).map(({ state }) => state);
    expect(states({})).toEqual(['run']);
    expect(states({ 'asr/x': digestOf('found') })).toEqual(['hit']);
  });
});
