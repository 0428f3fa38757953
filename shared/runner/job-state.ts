import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Digest, Fingerprint } from '../contract/ids.ts';

/** What a file looked like when it was last known to be right. */
export interface FileIdentity {
  readonly bytes: number;
  readonly mtimeNs: string;
  readonly ctimeNs: string;
  readonly ino: string;
}

export interface DeliveredFile extends FileIdentity {
  readonly digest: Digest;
}

/**
 * `out/<id>/delivered.json`: what the last run left behind. It only saves work; without it a run looks everything up again.
 */
export interface JobState {
  readonly schema: 'delivered/1';
  /** The film as it was when its digest was last known to be the manifest's. */
  readonly media: FileIdentity | null;
  readonly files: Readonly<Record<string, DeliveredFile>>;
  /** Stage instance -> its last record; `explain` compares with it. */
  readonly stages: Readonly<Record<string, Fingerprint>>;
  /** Environments that prepare-job could not know yet: engine -> identity found at run time. */
  readonly resolved: Readonly<Record<string, Digest>>;
}

export const EMPTY_STATE: JobState = { schema: 'delivered/1', media: null, files: {}, stages: {}, resolved: {} };

export const statePath = (outDir: string, id: string): string => join(outDir, id, 'delivered.json');

/** A state that cannot be read is an empty one: deliverables are then compared by content. */
export function readJobState(outDir: string, id: string): JobState {
  try {
    const state = JSON.parse(readFileSync(statePath(outDir, id), 'utf8')) as JobState;
    return state.schema === 'delivered/1' ? { ...EMPTY_STATE, ...state } : EMPTY_STATE;
  } catch {
    return EMPTY_STATE;
  }
}

/** The fields of `fs.statSync(path, {bigint: true})` that change whenever content may have changed; ctime catches restored mtimes. */
export const identityOf = (stat: { size: bigint; mtimeNs: bigint; ctimeNs: bigint; ino: bigint }): FileIdentity => ({
  bytes: Number(stat.size),
  mtimeNs: String(stat.mtimeNs),
  ctimeNs: String(stat.ctimeNs),
  ino: String(stat.ino),
});

export const sameIdentity = (a: FileIdentity, b: FileIdentity): boolean =>
  a.bytes === b.bytes && a.mtimeNs === b.mtimeNs && a.ctimeNs === b.ctimeNs && a.ino === b.ino;
