import { readdirSync } from 'node:fs';
import type { Reason } from '../contract/event.ts';
import type { Fingerprint } from '../contract/ids.ts';
import type { JobManifest } from '../contract/job.ts';
import type { StageRecord } from '../contract/record.ts';
import { readRecord } from '../store/records.ts';
import { diffKeys } from './explain.ts';
import { planLightly } from './finished.ts';
import { type JobState, readJobState } from './job-state.ts';
import type { PlannedStage } from './plan.ts';
import { readManifest } from './read-manifest.ts';
import type { CodeDigests } from './stage-key.ts';

export interface ExplainedStage {
  readonly stage: string;
  readonly state: PlannedStage['state'];
  readonly reason: Reason;
}

/** Why each stage of a job would run or not, without running anything. */
export function explainJob(options: {
  readonly id: string;
  readonly roots: { readonly out: string; readonly records: string; readonly objects: string };
  readonly code: CodeDigests;
}): readonly ExplainedStage[] {
  const { id, roots, code } = options;
  const manifest = readManifest(roots.out, id);
  const state = readJobState(roots.out, id);
  const { plan } = planLightly({ manifest, state, roots, code });
  const lookUp = (fingerprint: Fingerprint): StageRecord | undefined => readRecord(roots.records, fingerprint);
  const earlier = (instance: string): Fingerprint | undefined =>
    state.stages[instance] ?? newestOfSameFilm(manifest, instance, roots.out);
  return withChanges(plan, earlier, lookUp).map(({ stage, state: planned, reason }) => ({
    stage: stage.id,
    state: planned,
    reason,
  }));
}

/** Replaces "no record" by what changed since an earlier record of the same stage, where there is one. */
export function withChanges(
  plan: readonly PlannedStage[],
  earlier: (instance: string) => Fingerprint | undefined,
  lookUp: (fingerprint: Fingerprint) => StageRecord | undefined,
): readonly PlannedStage[] {
  return plan.map((planned) => {
    if (planned.state !== 'run' || planned.reason.kind !== 'no-record' || planned.key === undefined) return planned;
    const last = earlier(planned.stage.id);
    const record = last === undefined ? undefined : lookUp(last);
    return record === undefined
      ? planned
      : { ...planned, reason: { kind: 'changed', changes: diffKeys(record.key, planned.key) } };
  });
}

/** The last record of this stage in the newest other job of the same film. */
function newestOfSameFilm(manifest: JobManifest, instance: string, outDir: string): Fingerprint | undefined {
  let newest: { readonly createdAt: string; readonly state: JobState } | undefined;
  for (const id of readdirSync(outDir)) {
    if (id === manifest.id) continue;
    let other: JobManifest;
    try {
      other = readManifest(outDir, id);
    } catch {
      // Not a job, or one that cannot be read; either way it explains nothing.
      continue;
    }
    if (other.media.digest !== manifest.media.digest || (newest !== undefined && newest.createdAt > other.createdAt))
      continue;
    const state = readJobState(outDir, id);
    if (state.stages[instance] !== undefined) newest = { createdAt: other.createdAt, state };
  }
  return newest?.state.stages[instance];
}
