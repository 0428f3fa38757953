import { constants } from 'node:fs';
import { copyFile, mkdir, open, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Digest } from '../../contract/ids.ts';
import type { KnownFile } from '../../contract/model.ts';
import { errorCode } from '../../store/disk-failure.ts';
import { type FileDigests, isSettled } from '../../store/file-digests.ts';
import { hashFile } from '../../store/hash-file.ts';
import { ownedName } from '../../store/owned-name.ts';
import { incomingDir } from '../layout/hub-layout.ts';
import { publishFile } from '../layout/publish-file.ts';
import type { KnownModel } from '../registry/open-registry.ts';
import type { FoundFile } from './found-file.ts';
import { type CopyOptions, copyVerifiably } from './write-hashing.ts';

/**
 * `moved`: it came through the store's own incoming folder. `linked`: the store and somebody's folder share the bytes. `cloned`: the file
 * system shares them until one of the two changes. `shared`: the store had the bytes for another model.
 */
export type TakenHow = 'moved' | 'copied' | 'linked' | 'cloned' | 'shared';

export interface TakenFile {
  /** Absolute path in the store. */
  readonly path: string;
  readonly how: TakenHow;
}

export interface TakeOptions extends CopyOptions {
  readonly root: string;
  readonly model: KnownModel;
  readonly file: KnownFile;
  readonly found: FoundFile;
  readonly digests: FileDigests | undefined;
  /** `move`: `found` lies in the store's own incoming folder and was hashed. `adopt`: without a second copy where that can be. */
  readonly how: 'move' | 'copy' | 'adopt';
}

const CLONES = constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE_FORCE;

/**
 * Puts one file into the store if it has the right bytes; `wrong` where it does not, and then nothing is kept. The source is never changed. The
 * caller holds the lock of the store. Throws ERR_DISK_FULL, ERR_NOT_WRITABLE, ERR_CANCELLED, and what node:fs throws about the source.
 */
export async function takeFile(options: TakeOptions): Promise<TakenFile | 'wrong'> {
  const { root, model, file, found, digests, how } = options;
  const expected = `sha256:${file.sha256}` as Digest;
  if (how === 'move') {
    if (found.sha256 !== file.sha256) return 'wrong';
    const path = await publishFile({ root, model, file, from: found.at, how: 'move' });
    digests?.learn(path, expected);
    return { path, how: 'moved' };
  }
  if (how === 'adopt' && (await mayShare(found.at, root))) return takeByLink(options, expected);

  const staged = join(incomingDir(root), ownedName('.import'));
  try {
    await mkdir(incomingDir(root), { recursive: true });
    const cloned = await clone(found.at, staged);
    const { digest } = cloned
      ? await hashFile(staged, hashOptions(options))
      : await copyVerifiably(found.at, staged, options);
    if (digest !== expected) return 'wrong';
    if (cloned) await seal(staged);
    const path = await publishFile({ root, model, file, from: staged, how: 'move' });
    digests?.learn(path, expected);
    return { path, how: cloned ? 'cloned' : 'copied' };
  } finally {
    await rm(staged, { force: true });
  }
}

/**
 * A name in the store for somebody's file. It is not made read-only: that would change their file too. What changes with its content is the
 * same before and after, so the digest is that of what was linked.
 */
async function takeByLink(options: TakeOptions, expected: Digest): Promise<TakenFile | 'wrong'> {
  const { root, model, file, found, digests } = options;
  const before = await stat(found.at, { bigint: true });
  const digest =
    digests === undefined
      ? (await hashFile(found.at, hashOptions(options))).digest
      : await digests.remembered(found.at);
  if (digest !== expected) return 'wrong';
  const path = await publishFile({ root, model, file, from: found.at, how: 'link' });
  const after = await stat(path, { bigint: true });
  if (after.ino !== before.ino || after.dev !== before.dev) return { path, how: 'copied' };
  if (after.size !== before.size || after.mtimeNs !== before.mtimeNs) {
    await rm(path, { force: true });
    return 'wrong';
  }
  const mtimeMs = Number(before.mtimeMs);
  // Making the link changed its ctime, and only that; without this it would be hashed again at the next look.
  if (isSettled({ mtimeMs, ctimeMs: mtimeMs }, Date.now())) digests?.learn(path, expected);
  return { path, how: 'linked' };
}

/** One file system, and nobody but this user can write to it: else the bytes could change under the store. */
async function mayShare(path: string, root: string): Promise<boolean> {
  await mkdir(root, { recursive: true });
  const [file, store] = [await stat(path), await stat(root)];
  return file.dev === store.dev && file.uid === process.getuid?.() && (file.mode & 0o022) === 0;
}

/** False where the file system cannot share bytes until one of two files changes. */
async function clone(from: string, to: string): Promise<boolean> {
  try {
    await copyFile(from, to, CLONES);
    return true;
  } catch (error) {
    await rm(to, { force: true });
    if (
      ['ENOTSUP', 'EOPNOTSUPP', 'EXDEV', 'ENOSYS', 'EINVAL', 'ENOTTY', 'EPERM', 'EACCES', 'ETXTBSY'].includes(
        errorCode(error),
      )
    )
      return false;
    throw error;
  }
}

async function seal(path: string): Promise<void> {
  await using handle = await open(path, 'r');
  await handle.chmod(0o444);
  await handle.sync();
}

const hashOptions = ({ signal, onBytes }: TakeOptions) => {
  let last = 0;
  return {
    ...(signal === undefined ? {} : { signal }),
    onBytes: (done: number): void => {
      onBytes?.(done - last);
      last = done;
    },
  };
};
