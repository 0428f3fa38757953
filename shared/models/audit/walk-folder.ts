import { type BigIntStats, type Dirent, lstatSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { errorCode } from '../../store/disk-failure.ts';

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
  /** Everything, each inode once, as the disk counts it; links count as themselves. */
  readonly usedBytes: number;
  /** Sizes of the regular files, each inode once. */
  readonly logicalBytes: number;
}

const BLOCK_BYTES = 512;
/** A folder this near to the top may be a link to another disk; deeper ones are not entered: a link could lead anywhere. */
const LINKED_DEPTH = 2;

/** Goes through folders and all in them. What is not there or cannot be read has nothing in it. */
export function walkFolders(folders: readonly string[]): Walked {
  const files: Found[] = [];
  const counted = new Set<string>();
  let usedBytes = 0;
  let logicalBytes = 0;

  /** False for what was counted before. */
  const count = (stat: BigIntStats): boolean => {
    const inode = inodeOf(stat);
    if (counted.has(inode)) return false;
    counted.add(inode);
    usedBytes += Number(stat.blocks) * BLOCK_BYTES;
    if (stat.isFile()) logicalBytes += Number(stat.size);
    return true;
  };
  const visit = (path: string, depth: number): void => {
    const stat = orNothing(() => lstatSync(path, { bigint: true, throwIfNoEntry: false }));
    if (stat === undefined) return;
    const isNew = count(stat);
    const behind = stat.isSymbolicLink()
      ? orNothing(() => statSync(path, { bigint: true, throwIfNoEntry: false }))
      : stat;
    if (behind?.isFile() === true) files.push(foundOf(path, behind, stat.isSymbolicLink()));
    if (behind?.isDirectory() !== true) return;
    // Seen before: reached by another name, or a circle.
    const enter = stat.isSymbolicLink() ? depth <= LINKED_DEPTH && count(behind) : isNew;
    if (enter) for (const { name } of entriesOf(path)) visit(join(path, name), depth + 1);
  };
  for (const folder of folders) visit(folder, 0);
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

const inodeOf = (stat: BigIntStats): string => `${stat.dev}:${stat.ino}`;

const foundOf = (path: string, stat: BigIntStats, isLink: boolean): Found => ({
  path,
  inode: inodeOf(stat),
  bytes: Number(stat.size),
  diskBytes: Number(stat.blocks) * BLOCK_BYTES,
  isLink,
});

/** What is in a folder; nothing in one that is not there or cannot be read. */
export function entriesOf(folder: string): readonly Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}

/** Sizes of these files, each inode once. */
export function bytesOf(files: readonly Pick<Found, 'inode' | 'bytes'>[]): number {
  const sizes = new Map(files.map(({ inode, bytes }) => [inode, bytes]));
  return [...sizes.values()].reduce((sum, bytes) => sum + bytes, 0);
}
