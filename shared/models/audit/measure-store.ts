import { existsSync, statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import type { StoreAudit } from '../../contract/model-audit.ts';
import type { Walked } from './walk-folder.ts';

const GB = 1_000_000_000;

export interface StoreToMeasure {
  /** The folder that is written. */
  readonly root: string;
  readonly walked: Walked;
  readonly quotaGB: number | undefined;
  readonly additionalBytes: number | null;
}

/** What the store takes, may take and will take. */
export function measureStore({ root, walked, quotaGB = 0, additionalBytes }: StoreToMeasure): StoreAudit['store'] {
  const { usedBytes, logicalBytes } = walked;
  const capacityBytes = quotaGB > 0 ? Math.round(quotaGB * GB) : usedBytes + freeBytes(root);
  const projectedBytes = additionalBytes === null ? null : usedBytes + additionalBytes;
  return {
    usedBytes,
    logicalBytes,
    capacityBytes,
    capacityFrom: quotaGB > 0 ? 'quota' : 'file-system',
    additionalBytes,
    projectedBytes,
    projectedPercent:
      projectedBytes === null || capacityBytes === 0 ? null : Math.round((1000 * projectedBytes) / capacityBytes) / 10,
  };
}

/** What this user may still write in a folder, or in the one that it would be made in. */
function freeBytes(folder: string): number {
  if (!existsSync(folder) && dirname(folder) !== folder) return freeBytes(dirname(folder));
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}
