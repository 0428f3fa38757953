import type { Stats } from 'node:fs';
import { lstat } from 'node:fs/promises';
import type { Orphan } from '../../contract/model-audit.ts';
import { filesBelow } from './walk.ts';

/** A file or folder that is not needed. */
export interface Garbage extends Orphan {
  /** Bytes on the disk that come free; less than `bytes` where other names share them. */
  readonly freedBytes: number;
}

/** A path and what it is. */
export type Piece = Pick<Orphan, 'path' | 'what'>;

/** Sizes of everything below each piece, and what of it comes free: an inode counts once, and only when no other name of it is left. */
export async function measureGarbage(pieces: readonly Piece[]): Promise<readonly Garbage[]> {
  const names = new Map<string, number>();
  const contents = new Map<Piece, readonly { readonly key: string; readonly stat: Stats }[]>();
  for (const piece of pieces) {
    const top = await lstat(piece.path).catch(() => undefined);
    if (top === undefined) continue;
    const paths = top.isDirectory() ? await filesBelow(piece.path) : [piece.path];
    const files = await Promise.all(paths.map((path) => lstat(path)));
    const own = files.map((stat) => ({ key: `${stat.dev}:${stat.ino}`, stat }));
    for (const { key } of own) names.set(key, (names.get(key) ?? 0) + 1);
    contents.set(piece, own);
  }
  const counted = new Set<string>();
  return [...contents].map(([piece, files]) => {
    let [bytes, freedBytes] = [0, 0];
    for (const { key, stat } of files) {
      if (!stat.isFile()) continue;
      bytes += stat.size;
      if (counted.has(key) || stat.nlink > (names.get(key) ?? 0)) continue;
      counted.add(key);
      freedBytes += stat.blocks * 512;
    }
    return { ...piece, bytes, freedBytes };
  });
}
