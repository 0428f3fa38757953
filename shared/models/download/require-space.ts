import { statfsSync } from 'node:fs';
import { Failure } from '../../contract/failure.ts';
import { quoted } from '../../store/disk-failure.ts';
import { walkFolders } from '../audit/walk-folder.ts';

export interface SpaceWanted {
  /** The models root; it exists. */
  readonly root: string;
  /** What still has to come. */
  readonly bytes: number;
  /** 10^9 bytes; 0 or absent: the file system alone decides. */
  readonly quotaGB?: number | undefined;
}

/** For names, folders and blocks that are not full. */
const MARGIN = 1.02;

const shown = (bytes: number): string =>
  bytes >= 1e8 ? `${(bytes / 1e9).toFixed(2)} GB` : `${(bytes / 1e6).toFixed(2)} MB`;

/** Refuses before the first byte what would not fit into the file system or the quota. Throws ERR_DISK_FULL with figures. */
export function requireSpace({ root, bytes, quotaGB = 0 }: SpaceWanted): void {
  const needed = Math.ceil(bytes * MARGIN);
  const { bavail, bsize } = statfsSync(root);
  const free = bavail * bsize;
  const refuse = (why: string): Failure =>
    new Failure('ERR_DISK_FULL', 'There is not enough room for the models.', {
      why,
      safe: 'Nothing was fetched.',
      fix: [`df -h ${quoted(root)}`, './babelreel.sh models gc'],
    });
  if (needed > free) throw refuse(`Needed ${shown(needed)} in ${root}, ${shown(free)} free.`);
  if (quotaGB <= 0 || needed === 0) return;
  const { usedBytes } = walkFolders([root]);
  const left = Math.max(0, quotaGB * 1e9 - usedBytes);
  if (needed > left)
    throw refuse(
      `Needed ${shown(needed)} in ${root}; of the quota of ${quotaGB} GB (models.quotaGB) ${shown(usedBytes)} are used and ${shown(left)} are left.`,
    );
}
