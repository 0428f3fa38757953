import { existsSync, statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { Failure } from '../../contract/failure.ts';
import { quoted } from '../../store/disk-failure.ts';

const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(2)} GB`;

/** For names, folders and blocks that are not full. */
const MARGIN = 1.02;

/** Refuses before the first byte is written: `bytes` more have to fit under `folder`, which need not exist yet. Throws ERR_DISK_FULL. */
export function requireRoom(folder: string, bytes: number): void {
  let at = folder;
  while (!existsSync(at) && dirname(at) !== at) at = dirname(at);
  const { bavail, bsize } = statfsSync(at);
  const needed = Math.ceil(bytes * MARGIN);
  if (needed <= bavail * bsize) return;
  throw new Failure('ERR_DISK_FULL', 'There is not enough room.', {
    why: `Needed ${gigabytes(needed)} in ${folder}, ${gigabytes(bavail * bsize)} free.`,
    safe: 'Nothing was written.',
    fix: [`df -h ${quoted(at)}`],
  });
}
