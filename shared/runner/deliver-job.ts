import { statSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { JobEventBody } from '../contract/event.ts';
import { Failure } from '../contract/failure.ts';
import type { Digest, Fingerprint } from '../contract/ids.ts';
import type { JobManifest } from '../contract/job.ts';
import type { StageRecord } from '../contract/record.ts';
import { deliver } from '../store/deliver.ts';
import { writeFileDurably } from '../store/durable.ts';
import type { Store } from '../store/store.ts';
import { type DeliverableState, inspectDeliverables } from './deliverables.ts';
import { type DeliveredFile, type FileIdentity, identityOf, type JobState, statePath } from './job-state.ts';
import type { DeliveredResult } from './run-job.ts';

export interface DeliverOptions {
  readonly manifest: JobManifest;
  readonly records: ReadonlyMap<string, StageRecord>;
  readonly state: JobState;
  readonly media: FileIdentity | null;
  readonly resolved: Readonly<Record<string, Digest>>;
  readonly outDir: string;
  readonly store: Pick<Store, 'resolve' | 'digests'>;
  readonly overwrite: boolean;
  readonly emit: (event: JobEventBody) => void;
}

export interface Delivery {
  readonly results: readonly DeliveredResult[];
  /** Remembers what was delivered: from then on the job is finished, and a run of it has nothing to do. */
  commit(): Promise<void>;
}

/**
 * Copies what is finished into `out/<id>/`; `commit` remembers what it looks like. A file that the user changed is kept and named; `--overwrite`
 * replaces it. Deliverables of stages that failed are left as they were.
 */
export async function deliverJob(options: DeliverOptions): Promise<Delivery> {
  const { manifest, records, state, outDir } = options;
  const files: Record<string, DeliveredFile> = { ...state.files };
  const results: DeliveredResult[] = [];
  for (const found of inspectDeliverables({ manifest, outDir, state, recordOf: (instance) => records.get(instance) })) {
    if (found.digest === undefined) continue;
    const { status, file } = await deliverOne(found, found.digest, options);
    if (file !== undefined) files[found.to] = file;
    results.push({ to: found.to, path: found.path, bytes: statSync(found.path).size, status });
    if (status !== 'unchanged') options.emit({ type: 'deliver', to: found.to, status });
  }
  const stages: Record<string, Fingerprint> = { ...state.stages };
  for (const [instance, record] of records) stages[instance] = record.fingerprint;
  const next: JobState = {
    schema: 'delivered/1',
    media: options.media ?? state.media,
    files,
    stages,
    resolved: options.resolved,
  };
  const commit = async (): Promise<void> => {
    await writeFileDurably(statePath(outDir, manifest.id), `${JSON.stringify(next, null, 2)}\n`);
  };
  return { results, commit };
}

async function deliverOne(
  found: DeliverableState,
  digest: Digest,
  options: DeliverOptions,
): Promise<{ status: DeliveredResult['status']; file?: DeliveredFile }> {
  const { state, store, overwrite } = options;
  const before = state.files[found.to];
  if (found.state === 'ok' && before !== undefined) return { status: 'unchanged', file: before };
  if (found.state === 'touched') {
    // Only the times may be new: a copied or restored folder is no reason to write anything.
    const content = await store.digests.remembered(found.path);
    if (content === digest) return { status: 'unchanged', file: { digest, ...(await identityNow(found.path)) } };
    const changedByUser = content !== before?.digest;
    if (changedByUser && !overwrite) return { status: 'kept' };
  }
  const from = store.resolve(digest);
  if (from === undefined)
    throw new Failure('ERR_STAGE_OUTPUT', `What ${found.to} is copied from is not in the store.`, {
      fix: [`./run-pipeline.sh -j ${options.manifest.id}`],
    });
  return { status: 'written', file: { digest, ...(await deliver({ from, to: found.path })) } };
}

const identityNow = async (path: string): Promise<FileIdentity> => identityOf(await stat(path, { bigint: true }));
