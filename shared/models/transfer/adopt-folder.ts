import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Failure } from '../../contract/failure.ts';
import { quoted } from '../../store/disk-failure.ts';
import { sweepFolders } from '../../store/sweep.ts';
import { type StoreLockOptions, withStoreLock } from '../download/store-lock.ts';
import { incomingDir } from '../layout/hub-layout.ts';
import { takeIn } from './import-models.ts';
import type { ImportReport } from './import-report.ts';
import { scanFolder } from './scan-folder.ts';
import { storeRoot } from './store-root.ts';
import type { TransferOptions } from './transfer-options.ts';

export interface AdoptOptions extends TransferOptions, StoreLockOptions {
  /** Only these models and what they require; absent: whatever is found. */
  readonly ids?: readonly string[];
}

export interface AdoptReport extends ImportReport {
  /** Names of files that the store now shares with the folder: who changes one there changes it here. */
  readonly sharedWith: readonly string[];
}

/**
 * Takes right files of somebody's existing folder into the store without a second copy where that can be: by a hard link when the file is this
 * user's and nobody else may write to it, else by a clone where the file system has them, else as a copy. The digest is checked first, and the
 * folder is never changed, modes included. Throws ERR_USAGE where there is no folder, ERR_DISK_FULL, ERR_NOT_WRITABLE, ERR_CANCELLED.
 */
export async function adoptFolder(dir: string, options: AdoptOptions): Promise<AdoptReport> {
  const from = resolve(dir);
  if ((await stat(from).catch(() => undefined))?.isDirectory() !== true) {
    throw new Failure('ERR_USAGE', `${from} is not a folder.`, {
      safe: 'Nothing was changed.',
      fix: [`ls -ld ${quoted(from)}`],
    });
  }
  const root = storeRoot(options.places);
  return withStoreLock(root, options, async () => {
    await sweepFolders([incomingDir(root)]);
    const { files, refused } = await scanFolder(from, options.signal);
    const { registry, ids } = options;
    const intake = { from, files, refused, unknown: [], registry, entries: [], how: 'adopt' as const, ids };
    const report = await takeIn(intake, options);
    const linked = report.models.flatMap(({ imported }) => imported.filter(({ how }) => how === 'linked'));
    return { ...report, sharedWith: linked.map((one) => one.from) };
  });
}
