import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { Digest, StageInstance } from '../contract/ids.ts';
import { splitPortReference } from '../contract/ids.ts';
import type { JobManifest } from '../contract/job.ts';
import type { StageRecord } from '../contract/record.ts';
import { identityOf, type JobState, sameIdentity } from './job-state.ts';

export interface DeliverableState {
  readonly from: string;
  readonly to: string;
  readonly path: string;
  /** What should be there; undefined while its stage has no record or did not write this optional output. */
  readonly digest: Digest | undefined;
  /** `ok`: as delivered. `missing`. `stale`: as delivered, but an older version. `touched`: not as delivered; content unknown yet. */
  readonly state: 'ok' | 'missing' | 'stale' | 'touched';
}

/** Compares the deliverables with what was delivered, by stat alone. */
export function inspectDeliverables(options: {
  readonly manifest: JobManifest;
  readonly outDir: string;
  readonly state: JobState;
  readonly recordOf: (instance: StageInstance) => StageRecord | undefined;
}): readonly DeliverableState[] {
  const { manifest, outDir, state, recordOf } = options;
  return manifest.deliverables.map(({ from, to }) => {
    const { instance, port } = splitPortReference(from);
    const digest = recordOf(instance)?.outputs[port]?.digest;
    const path = join(outDir, manifest.id, to);
    const delivered = state.files[to];
    const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
    const base = { from, to, path, digest };
    if (stat === undefined) return { ...base, state: 'missing' };
    if (delivered === undefined || !sameIdentity(identityOf(stat), delivered)) return { ...base, state: 'touched' };
    return { ...base, state: delivered.digest === digest ? 'ok' : 'stale' };
  });
}
