import { mkdirSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Digest } from '../contract/ids.ts';
import { onDisk, onDiskSync } from './disk-failure.ts';
import { type Durability, fsyncDirectory, weakest } from './durable.ts';
import { copyHashing, hashFile, type Stored } from './hash-file.ts';
import { inParallel } from './in-parallel.ts';
import { hasObjectIn, objectPathIn } from './object-path.ts';
import { ownedName } from './owned-name.ts';

export type ObjectState = 'ok' | 'missing' | 'wrong-size' | 'corrupt';

/** Immutable files named by the sha256 of their bytes: `<dir>/<2 hex>/<64 hex>`, read-only, synced. */
export interface Objects {
  readonly dir: string;
  /** Where the object is or would be. */
  path(digest: Digest): string;
  /** By a stat alone: there, a regular file and, when given, of this size. */
  has(digest: Digest, bytes?: number): boolean;
  /** Stores a copy; when it resolves the object survives a power cut. The file stays where it is. */
  put(file: string): Promise<Stored>;
  /** The same for several, in their order, with each directory synced once. */
  putMany(files: readonly string[]): Promise<readonly Stored[]>;
  /**
   * The first half of `put`: bytes synced, name not yet (call `sync`). With `expected`, a file of other bytes is not stored: undefined.
   */
  place(file: string): Promise<Stored>;
  place(file: string, expected: Digest): Promise<Stored | undefined>;
  /** Makes the names of these objects survive a power cut. */
  sync(digests: readonly Digest[]): Promise<Durability>;
  /** `deep` reads and hashes the bytes. */
  verify(digest: Digest, options: { readonly deep: boolean; readonly bytes?: number }): Promise<ObjectState>;
  /** Forgets an object; no error when it is not there. */
  remove(digest: Digest): Promise<void>;
}

/** Syncs at once share a journal commit, so a few side by side are faster than one after the other. */
const WRITERS = 8;

/** Opens the object folder `dir`, made when it is missing. Throws ERR_NOT_WRITABLE, ERR_DISK_FULL. */
export function openObjects(dir: string): Objects {
  const incoming = join(dir, 'incoming');
  onDiskSync({ folder: dir }, () => mkdirSync(incoming, { recursive: true }));
  /** Two-digit folders whose own name this process has synced; another process may have made one and died before it did. */
  const anchored = new Set<string>();
  const folderOf = (digest: Digest): string => dirname(objectPathIn(dir, digest));

  async function place(file: string, expected?: Digest): Promise<Stored | undefined> {
    const temporary = join(incoming, ownedName('object'));
    const stored = await copyHashing(file, temporary, { sync: true });
    if (expected !== undefined && stored.digest !== expected) {
      await rm(temporary, { force: true });
      return undefined;
    }
    // Ours over an existing one: the bytes just hashed are known to be good, those on the disk are not.
    await onDisk({ folder: dir }, async () => {
      await mkdir(folderOf(stored.digest), { recursive: true });
      await rename(temporary, objectPathIn(dir, stored.digest));
    });
    return stored;
  }

  async function sync(digests: readonly Digest[]): Promise<Durability> {
    const folders = [...new Set(digests.map(folderOf))];
    const done = await inParallel(folders, WRITERS, fsyncDirectory);
    const fresh = folders.filter((folder) => !anchored.has(folder));
    if (fresh.length === 0) return weakest(done);
    const root = await fsyncDirectory(dir);
    for (const folder of fresh) anchored.add(folder);
    return weakest([...done, root]);
  }

  async function putMany(files: readonly string[]): Promise<readonly Stored[]> {
    const stored = await inParallel(files, WRITERS, (file) => place(file) as Promise<Stored>);
    await sync(stored.map(({ digest }) => digest));
    return stored;
  }

  return {
    dir,
    path: (digest) => objectPathIn(dir, digest),
    has: (digest, bytes) => hasObjectIn(dir, digest, bytes),
    place: place as Objects['place'],
    sync,
    putMany,
    put: async (file) => (await putMany([file]))[0] as Stored,
    async verify(digest, { deep, bytes }) {
      if (!hasObjectIn(dir, digest)) return 'missing';
      if (bytes !== undefined && !hasObjectIn(dir, digest, bytes)) return 'wrong-size';
      if (!deep) return 'ok';
      return (await hashFile(objectPathIn(dir, digest))).digest === digest ? 'ok' : 'corrupt';
    },
    remove: (digest) => rm(objectPathIn(dir, digest), { force: true }),
  };
}
