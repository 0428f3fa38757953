import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { Fingerprint } from '../contract/ids.ts';
import type { JobManifest } from '../contract/job.ts';
import type { StageRecord } from '../contract/record.ts';
import { hasObjectIn } from '../store/object-path.ts';
import { readRecord } from '../store/records.ts';
import { inspectDeliverables } from './deliverables.ts';
import { identityOf, type JobState, readJobState, sameIdentity } from './job-state.ts';
import { type PlannedStage, planJob } from './plan.ts';
import { readManifest } from './read-manifest.ts';
import type { CodeDigests } from './stage-key.ts';

export interface Finished {
  readonly finished: boolean;
  readonly manifest: JobManifest;
  readonly plan: readonly PlannedStage[];
  /** Warnings of all records: a second run must not look cleaner than the first. */
  readonly warnings: number;
}

/**
 * Is there anything to do? Reads the manifest, delivered.json, the records and the code digests, stats the film and the deliverables, and
 * nothing else: no database, no schema library, no byte of media. Whatever is not plainly finished is left to the full run.
 */
export function lookFinished(options: {
  readonly id: string;
  readonly roots: { readonly out: string; readonly records: string; readonly objects: string };
  readonly code: CodeDigests;
}): Finished {
  const { id, roots, code } = options;
  const manifest = readManifest(roots.out, id);
  const state = readJobState(roots.out, id);
  const { plan, recordOf } = planLightly({ manifest, state, roots, code });
  const deliverables = inspectDeliverables({ manifest, outDir: roots.out, state, recordOf });
  const finished =
    plan.every((planned) => planned.state === 'hit' || planned.state === 'not-needed') &&
    deliverables.every(
      (deliverable) =>
        deliverable.state === 'ok' || (deliverable.state === 'missing' && deliverable.digest === undefined),
    ) &&
    isFilmUntouched(manifest, state);
  return {
    finished,
    manifest,
    plan,
    warnings: plan.reduce((sum, { record }) => sum + (record?.warnings.length ?? 0), 0),
  };
}

/** The plan, from records alone. */
export function planLightly(options: {
  readonly manifest: JobManifest;
  readonly state: JobState;
  readonly roots: { readonly records: string; readonly objects: string };
  readonly code: CodeDigests;
  readonly missing?: readonly string[];
  readonly force?: string | undefined;
}): { readonly plan: readonly PlannedStage[]; readonly recordOf: (instance: string) => StageRecord | undefined } {
  const { manifest, state, roots, code } = options;
  const plan = planJob({
    manifest,
    code,
    resolved: state.resolved,
    readRecord: (fingerprint: Fingerprint) => readRecord(roots.records, fingerprint),
    hasObject: (digest) => hasObjectIn(roots.objects, digest),
    missing: options.missing ?? [],
    force: options.force,
  });
  const records = new Map(plan.map((planned) => [planned.stage.id, planned.record]));
  return { plan, recordOf: (instance) => records.get(instance) };
}

function isFilmUntouched(manifest: JobManifest, state: JobState): boolean {
  const stat = statSync(manifest.media.path, { bigint: true, throwIfNoEntry: false });
  if (stat === undefined) return false;
  const now = identityOf(stat);
  return sameIdentity(now, manifest.media) || (state.media !== null && sameIdentity(now, state.media));
}

export const eventsPath = (outDir: string, id: string): string => join(outDir, id, 'events.jsonl');
