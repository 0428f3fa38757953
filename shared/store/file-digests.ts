import { type BigIntStats, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { Failure, isFailure } from '../contract/failure.ts';
import type { Digest } from '../contract/ids.ts';
import { sha256Hex } from '../util/digest.ts';
import type { State } from './database.ts';
import { quoted } from './disk-failure.ts';
import { type HashOptions, hashHandle } from './hash-file.ts';

/** sha256 of files, remembered by what changes whenever their content does: device, inode, size, mtime and ctime in nanoseconds. */
export interface FileDigests {
  /** The digest, from memory when nothing changed, else by reading the file. Errors of node:fs pass as they are. */
  remembered(path: string, options?: HashOptions): Promise<Digest>;
  /** From memory alone: undefined when the file would have to be read. */
  known(path: string): Digest | undefined;
  /**
   * Remembers the digest of a file that the caller hashed while writing it and that nobody else could write: it was private until now and is
   * read-only. So the rule about files that changed just now does not apply.
   */
  learn(path: string, digest: Digest): void;
  /** What was read and what was not, since this was opened. */
  readonly counts: { hashedFiles: number; hashedBytes: number; rememberedFiles: number };
}

/**
 * A file that changed this shortly before it was hashed is not remembered (git's "racy" rule): a second write inside the same tick of the
 * file system's clock, up to 2 s on FAT, would leave size and times as they are. Past that, every later write gives other times. ctime is
 * looked at too, since mtime can be set at will and ctime cannot. A time in the future by more than this is harmless: a write now would
 * give another one. Such a file is just hashed again at the next run.
 */
const RACY_MS = 2_000;

interface Row {
  readonly stamp: string;
  readonly digest: string;
  readonly sum: string;
}

const fileOf = (stat: BigIntStats): string => `${stat.dev}:${stat.ino}`;
const stampOf = (stat: BigIntStats): string => `${stat.size}:${stat.mtimeNs}:${stat.ctimeNs}`;
/** A flipped bit in a remembered digest would pass for another film. */
const sumOf = (file: string, stamp: string, digest: string): string =>
  sha256Hex(`${file} ${stamp} ${digest}`).slice(0, 16);

/** True when both times are far enough from `nowMs` for a later write to be seen. */
export const isSettled = (times: { readonly mtimeMs: number; readonly ctimeMs: number }, nowMs: number): boolean =>
  Math.abs(nowMs - times.mtimeMs) >= RACY_MS && Math.abs(nowMs - times.ctimeMs) >= RACY_MS;

export function openFileDigests(state: State): FileDigests {
  const find = state.db.prepare<[string], Row>('SELECT stamp, digest, sum FROM file_digest WHERE file = ?');
  const keep = state.db.prepare(
    'INSERT INTO file_digest (file, stamp, digest, sum) VALUES (?, ?, ?, ?) ' +
      'ON CONFLICT (file) DO UPDATE SET stamp = excluded.stamp, digest = excluded.digest, sum = excluded.sum',
  );
  const counts = { hashedFiles: 0, hashedBytes: 0, rememberedFiles: 0 };
  /** Two that ask for one large file wait for one reading. */
  const underWay = new Map<string, Promise<Digest>>();

  function lookUp(stat: BigIntStats): Digest | undefined {
    const [file, stamp] = [fileOf(stat), stampOf(stat)];
    const row = find.get(file);
    if (row === undefined || row.stamp !== stamp || row.sum !== sumOf(file, stamp, row.digest)) return undefined;
    return row.digest as Digest;
  }

  async function remembered(path: string, options: HashOptions): Promise<Digest> {
    await using handle = await open(path, 'r');
    const before = await handle.stat({ bigint: true });
    const found = lookUp(before);
    if (found !== undefined) {
      counts.rememberedFiles += 1;
      return found;
    }
    const startedMs = Date.now();
    const { digest, bytes } = await hashHandle(handle, options);
    counts.hashedFiles += 1;
    counts.hashedBytes += bytes;
    const after = await handle.stat({ bigint: true });
    if (stampOf(after) !== stampOf(before)) throw changing(path);
    const times = { mtimeMs: Number(before.mtimeMs), ctimeMs: Number(before.ctimeMs) };
    if (isSettled(times, startedMs)) {
      const [file, stamp] = [fileOf(before), stampOf(before)];
      unlessFull(() => state.jot(() => keep.run(file, stamp, digest, sumOf(file, stamp, digest))));
    }
    return digest;
  }

  return {
    counts,
    async remembered(path, options = {}) {
      // Not with another's signal: its cancelling is not ours.
      if (options.signal !== undefined) return remembered(path, options);
      const waiting = underWay.get(path) ?? remembered(path, options).finally(() => underWay.delete(path));
      underWay.set(path, waiting);
      return waiting;
    },
    known: (path) => lookUp(statSync(path, { bigint: true })),
    learn(path, digest) {
      const stat = statSync(path, { bigint: true });
      const [file, stamp] = [fileOf(stat), stampOf(stat)];
      unlessFull(() => state.jot(() => keep.run(file, stamp, digest, sumOf(file, stamp, digest))));
    },
  };
}

/** What is not remembered for want of room is hashed again another time. */
function unlessFull(work: () => void): void {
  try {
    work();
  } catch (error) {
    if (!isFailure(error)) throw error;
  }
}

const changing = (path: string): Failure =>
  new Failure('ERR_MEDIA_CHANGED', `${path} is being written.`, {
    why: 'It changed while its digest was computed.',
    safe: 'Nothing was remembered.',
    fix: [`ls -l --time-style=full-iso ${quoted(path)}`],
  });
