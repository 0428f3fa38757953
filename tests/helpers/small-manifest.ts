import type { Digest, JobId } from '../../shared/contract/ids.ts';
import type { JobManifest, JobStage } from '../../shared/contract/job.ts';
import type { StageKey, StageRecord } from '../../shared/contract/record.ts';
import { fingerprintOfKey } from '../../shared/runner/stage-key.ts';
import { digestOf, digestOfJson } from '../../shared/util/digest.ts';

/** A stage of a manifest with everything it does not need left empty. */
export const smallStage = (part: Partial<JobStage> & Pick<JobStage, 'id'>): JobStage => ({
  stage: part.id.split('.')[0] ?? part.id,
  inputs: {},
  outputs: {},
  engines: {},
  engineParams: {},
  params: {},
  tools: [],
  whole: false,
  runtime: { threads: 1 },
  ...part,
});

/** A manifest for tests of what is derived from it; nothing on the disk belongs to it. */
export function smallManifest(
  stages: readonly (Partial<JobStage> & Pick<JobStage, 'id'>)[],
  change: Partial<Omit<JobManifest, 'stages'>> = {},
): JobManifest {
  const body: Omit<JobManifest, 'selfDigest'> = {
    schema: 'job/1',
    id: 'job-1' as JobId,
    createdAt: '2026-01-01T00:00:00.000Z',
    app: '0.0.0',
    workflow: 'test',
    media: {
      path: '/in/film.mp4',
      bytes: 10,
      mtimeNs: '1',
      ctimeNs: '1',
      ino: '1',
      digest: digestOf('film'),
      clip: { startMs: 0, endMs: 1000 },
      probe: { container: 'mp4', durationMs: 1000, startTimeMs: 0, streams: [] },
      audioStream: 0,
    },
    languages: { source: 'en', targets: [], dubInto: [] },
    stages: stages.map(smallStage),
    lock: { engines: {}, models: {}, tools: {} },
    policy: { acceptDamaged: false, commercial: false, onFailure: 'no-new' },
    deliverables: [],
    ...change,
  };
  return { ...body, selfDigest: digestOfJson(body) };
}

/** The record a stage with this key leaves; each port's content is a text. */
export const smallRecord = (
  key: StageKey,
  outputs: Readonly<Record<string, string>>,
  refs: readonly Digest[] = [],
): StageRecord => ({
  schema: 'record/1',
  fingerprint: fingerprintOfKey(key),
  key,
  outputs: Object.fromEntries(
    Object.entries(outputs).map(([port, text]) => [port, { digest: digestOf(text), bytes: text.length }]),
  ),
  refs,
  warnings: [],
  figures: {},
  engineCalls: {},
  seconds: 1,
  madeAt: '2026-01-01T00:00:00.000Z',
  app: '0.0.0',
  durability: 'full',
});
