import type { Reason } from '../contract/event.ts';
import type { Digest, Fingerprint, StageInstance } from '../contract/ids.ts';
import { MEDIA_PORT, splitPortReference } from '../contract/ids.ts';
import type { JobStage } from '../contract/job.ts';
import type { StageKey, StageRecord } from '../contract/record.ts';
import { fingerprintOfKey, isCacheable, type KeyContext, producersOf, stageKey } from './stage-key.ts';

export interface PlannedStage {
  readonly stage: JobStage;
  readonly state: 'hit' | 'run' | 'pending' | 'not-needed';
  readonly reason: Reason;
  readonly key?: StageKey;
  readonly fingerprint?: Fingerprint;
  readonly record?: StageRecord;
}

export interface PlanContext extends KeyContext {
  readRecord(fingerprint: Fingerprint): StageRecord | undefined;
  hasObject(digest: Digest): boolean;
  /** Deliverables that are not in place, by their port references; all of them for a first run. */
  readonly missing: readonly string[];
  /** `all`, or the stage or instance whose record is not to be read. */
  readonly force?: string | undefined;
}

const isForced = (stage: JobStage, force: string | undefined): boolean =>
  force !== undefined && (force === 'all' || force === stage.id || force === stage.stage);

/**
 * Forwards: the key of every stage whose inputs are known, and its record. Backwards from what is wanted: a stage runs only if its record
 * is missing, or if an object of it is gone that a stage that must run, or a deliverable that is missing, needs.
 * Pure; the order is the manifest's, which is topological.
 */
export function planJob(context: PlanContext): readonly PlannedStage[] {
  const { manifest } = context;
  const records = new Map<StageInstance, StageRecord>();
  const forward = new Map<StageInstance, { key?: StageKey; fingerprint?: Fingerprint; forced: boolean }>();
  for (const stage of manifest.stages) {
    const key = stageKey(stage, context, (instance) => records.get(instance));
    const forced = isForced(stage, context.force);
    if (key === undefined) {
      forward.set(stage.id, { forced });
      continue;
    }
    const fingerprint = fingerprintOfKey(key);
    forward.set(stage.id, { key, fingerprint, forced });
    const record = forced || !isCacheable(key) ? undefined : context.readRecord(fingerprint);
    if (record !== undefined) records.set(stage.id, record);
  }

  const stages = new Map(manifest.stages.map((stage) => [stage.id, stage]));
  const mustRun = new Map<StageInstance, Reason>();
  const wanted = new Set<StageInstance>();
  const want = (reference: string, needsObject: boolean): void => {
    if (reference === MEDIA_PORT) return;
    const { instance, port } = splitPortReference(reference);
    wanted.add(instance);
    const record = records.get(instance);
    const output = record?.outputs[port];
    if (record === undefined) run(instance, { kind: 'no-record' });
    else if (
      needsObject &&
      output !== undefined &&
      !objectsOf(record, port).every((digest) => context.hasObject(digest))
    ) {
      run(instance, { kind: 'object-missing', port });
    }
  };
  const run = (instance: StageInstance, reason: Reason): void => {
    if (mustRun.has(instance)) return;
    mustRun.set(instance, reason);
    for (const reference of Object.values(stages.get(instance)?.inputs ?? {}).flat()) want(reference, true);
  };
  const missing = new Set(context.missing);
  for (const deliverable of manifest.deliverables) want(deliverable.from, missing.has(deliverable.from));

  return manifest.stages.map((stage) => {
    const { key, fingerprint, forced } = forward.get(stage.id) ?? { forced: false };
    const known = { ...(key && { key }), ...(fingerprint && { fingerprint }) };
    const record = records.get(stage.id);
    const reason = mustRun.get(stage.id);
    if (reason === undefined) {
      if (record !== undefined) return { stage, state: 'hit', reason: { kind: 'hit' }, ...known, record };
      return { stage, state: 'not-needed', reason: { kind: 'not-needed' }, ...known };
    }
    if (forced) return { stage, state: 'run', reason: { kind: 'forced' }, ...known };
    const on = producersOf(stage).filter((producer) => mustRun.has(producer));
    if (key === undefined) return { stage, state: 'pending', reason: { kind: 'pending', on }, ...known };
    return { stage, state: 'run', reason, ...known };
  });
}

/** What must be on disk before an output can be used: its file and, for streams, the objects its items name. */
const objectsOf = (record: StageRecord, port: string): readonly Digest[] => {
  const output = record.outputs[port];
  return output === undefined ? [] : [output.digest, ...record.refs];
};
