import { rm, rmdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errorCode, onDisk } from '../../store/disk-failure.ts';
import { type StoreLockOptions, withStoreLock } from '../download/store-lock.ts';
import { type GarbageOptions, type GarbagePlan, planGarbage } from './plan-garbage.ts';
import { stopIfAborted } from './stop-if-aborted.ts';
import { storeRoot } from './store-root.ts';

export interface CollectOptions extends GarbageOptions, StoreLockOptions {
  /** Only say what would go. */
  readonly dryRun: boolean;
}

export interface GarbageReport extends GarbagePlan {
  readonly dryRun: boolean;
  /** Sum of the sizes of the files that went or would go. */
  readonly bytes: number;
  /** What comes free on the disk: each inode once, and none that has another name left. */
  readonly freedBytes: number;
  /** Removed models that others still require. */
  readonly stillRequired: readonly { readonly id: string; readonly by: readonly string[] }[];
}

/**
 * Removes what no entry needs, by the plan that a dry run shows. A dry run takes no lock and works in a read-only store. Throws what
 * planGarbage throws, ERR_NOT_WRITABLE, ERR_CANCELLED (what went is gone, the rest is untouched).
 */
export async function collectGarbage(options: CollectOptions): Promise<GarbageReport> {
  const { dryRun, places, signal } = options;
  if (dryRun) return report(await planGarbage(options), options);
  const root = storeRoot(places);
  return withStoreLock(root, options, async () => {
    const plan = await planGarbage(options);
    for (const { path } of plan.garbage) {
      stopIfAborted(signal);
      await onDisk({ folder: dirname(path) }, () => rm(path, { recursive: true, force: true }));
      await removeEmpty(dirname(path), root);
    }
    return report(plan, options);
  });
}

/** Folders that nothing is left in, up to the root. */
async function removeEmpty(folder: string, root: string): Promise<void> {
  for (let at = folder; at.startsWith(`${root}/`); at = dirname(at)) {
    try {
      await rmdir(at);
    } catch (error) {
      if (errorCode(error) === 'ENOENT') continue;
      return;
    }
  }
}

function report(plan: GarbagePlan, { dryRun, registry, remove = [] }: CollectOptions): GarbageReport {
  const sum = (of: 'bytes' | 'freedBytes'): number => plan.garbage.reduce((total, one) => total + one[of], 0);
  const stillRequired = remove.flatMap((id) => {
    const by = [...registry.models.values()]
      .filter(({ entry }) => entry.requires.includes(id) && !remove.includes(entry.id))
      .map(({ entry }) => entry.id);
    return by.length === 0 ? [] : [{ id, by }];
  });
  return { ...plan, dryRun, bytes: sum('bytes'), freedBytes: sum('freedBytes'), stillRequired };
}
