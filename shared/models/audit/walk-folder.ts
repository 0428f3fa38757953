import { lstatSync, type Stats, statSync } from 'node:fs';
import { errorCode } from '../../store/disk-failure.ts';
import { entriesOf, type StoreView } from './store-view.ts';

/** One name under a folder. Of a link the file behind it counts, wherever that is. */
export interface Found {
  /** Absolute. */
  readonly path: string;
  /** Device and inode of the bytes. */
  readonly inode: string;
  readonly bytes: number;
  /** What the bytes take on the disk. */
  readonly diskBytes: number;
  readonly isLink: boolean;
}

export interface Walked {
  /** Regular files, and links to such. */
  readonly files: readonly Found[];
  /** Files and folders, each inode once, as the disk counts it; links are not counted. */
  readonly usedBytes: number;
  /** Sizes of the regular files, each inode once. */
  readonly logicalBytes: number;
}

const BLOCK_BYTES = 512;
/** A folder this near to the top may be a link to another disk; deeper ones are not entered: a link could lead anywhere. */
const LINKED_DEPTH = 2;

/**
 * Goes through folders and all in them. What is not there or cannot be read has nothing in it.
 * @param view what was looked at already
 */
export function walkFolders(folders: readonly string[], view?: Pick<StoreView, 'seen' | 'entries'>): Walked {
  const files: Found[] = [];
  const counted = new Set<string>();
  let usedBytes = 0;
  let logicalBytes = 0;

  /** False for what was counted before. */
  const count = (inode: string, stat: Stats): boolean => {
    if (counted.has(inode)) return false;
    counted.add(inode);
    usedBytes += stat.blocks * BLOCK_BYTES;
    return true;
  };
  const look = (path: string, isLink: boolean): Stats | undefined =>
    view?.seen.get(path) ?? orNothing(() => (isLink ? statSync : lstatSync)(path, { throwIfNoEntry: false }));
  const visit = (path: string, { depth, isLink }: { readonly depth: number; readonly isLink: boolean }): void => {
    const stat = look(path, isLink);
    if (stat === undefined) return;
    const inode = inodeOf(stat);
    if (stat.isFile()) {
      files.push({ path, inode, bytes: stat.size, diskBytes: stat.blocks * BLOCK_BYTES, isLink });
      // The file behind a link counts where it lies.
      if (!isLink && count(inode, stat)) logicalBytes += stat.size;
    } else if (stat.isDirectory() && (!isLink || depth <= LINKED_DEPTH) && count(inode, stat)) {
      for (const entry of view?.entries(path) ?? entriesOf(path))
        visit(`${path}/${entry.name}`, { depth: depth + 1, isLink: entry.isSymbolicLink() });
    }
  };
  for (const folder of folders) visit(folder, { depth: 0, isLink: true });
  return { files, usedBytes, logicalBytes };
}

/** A circle of links, a folder that may not be entered. */
function orNothing<T>(look: () => T | undefined): T | undefined {
  try {
    return look();
  } catch (error) {
    if (errorCode(error) === '') throw error;
    return undefined;
  }
}

/**
 * Some file systems number inodes beyond what a JavaScript number holds exactly; the size and the time tell apart what rounding makes equal.
 * Statistics with big integers would take as long as all the rest.
 */
const inodeOf = ({ dev, ino, size, mtimeMs }: Stats): string =>
  Number.isSafeInteger(ino) ? `${dev}:${ino}` : `${dev}:${ino}:${size}:${mtimeMs}`;

/** Sizes of these files, each inode once. */
export function bytesOf(files: readonly Pick<Found, 'inode' | 'bytes'>[]): number {
  const sizes = new Map(files.map(({ inode, bytes }) => [inode, bytes]));
  return [...sizes.values()].reduce((sum, bytes) => sum + bytes, 0);
}
