import { constants } from 'node:fs';
import { chmod, copyFile, link, lstat, mkdir, open, readlink, realpath, rename, rm, symlink } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import type { KnownFile } from '../../contract/model.ts';
import { errorCode, onDisk } from '../../store/disk-failure.ts';
import { fsyncDirectory } from '../../store/durable.ts';
import { ownedName } from '../../store/owned-name.ts';
import type { ListedModel } from '../registry/open-registry.ts';
import { blobName, blobsDir, localDir, snapshotDir } from './hub-layout.ts';

export interface PublishOptions {
  /** The models root that is written. */
  readonly root: string;
  readonly model: ListedModel;
  readonly file: KnownFile;
  /** Where the bytes lie; they have the size and digest of `file`: the caller verified them. A link is followed. */
  readonly from: string;
  /**
   * `move`: `from`, a regular file, is gone afterwards; the caller synced its bytes. `link`: both names share the bytes, or a copy is made where the file
   * system has no hard links or `from` is on another one. `copy`: nobody who writes to `from` later changes the store.
   */
  readonly how: 'move' | 'link' | 'copy';
}

const NO_LINKS = new Set(['EXDEV', 'EPERM', 'EACCES', 'EMLINK', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS']);
/** New files only appear under names that say who makes them, so that a crash leaves nothing that looks like a model. */
const temporaryIn = (folder: string): string => join(folder, ownedName('.publish'));

/**
 * Puts verified bytes into the store and returns the absolute path under which they are found there. For a hub they lie under `blobs/`, read-only,
 * and the snapshot has a relative link to them; for another server they lie in the folder of the entry, for a user's own files in `local/<id>`. What was there before, right or wrong, is
 * replaced at once. After a crash the old state or the new one is there. Throws ERR_DISK_FULL, ERR_NOT_WRITABLE.
 */
export async function publishFile({ root, model, file, from, how }: PublishOptions): Promise<string> {
  const { entry, revision } = model;
  const { source } = entry;
  return onDisk({ folder: root, neededBytes: file.bytes }, async () => {
    if (source.type === 'url' || source.type === 'local') {
      const folder = source.type === 'url' ? join(root, source.folder) : localDir(root, entry.id);
      const path = join(folder, file.path);
      await place(from, path, how);
      return path;
    }
    if (source.type !== 'hub' || revision === null)
      throw new TypeError(`${entry.id} has no place in the store: ${source.type}`);
    const blob = join(blobsDir(root, source.repo), blobName(file));
    const path = join(snapshotDir(root, source.repo, revision), file.path);
    await place(from, blob, how);
    await pointAt(blob, path);
    return path;
  });
}

/** Does `work`, whose first error of a missing folder makes that folder: it is there for all files of a model but the first. */
async function inFolder<T>(folder: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
    await mkdir(folder, { recursive: true });
    return await work();
  }
}

async function place(from: string, to: string, how: PublishOptions['how']): Promise<void> {
  const folder = dirname(to);
  if (how === 'move' && (await inFolder(folder, () => moved(from, to)))) {
    await fsyncDirectory(folder);
    return;
  }
  const real = await realpath(from);
  if (real === (await realpath(to).catch(() => undefined))) {
    // `to` may be a link to where the bytes lie already, as in a cache whose snapshots hold links.
    if (how !== 'copy' || (await lstat(to)).isFile()) return;
  }
  const temporary = temporaryIn(folder);
  try {
    await inFolder(folder, async () => {
      if (how !== 'link' || !(await linked(real, temporary))) await copied(real, temporary);
    });
    await rename(temporary, to);
  } finally {
    // A rename between two names of one file does nothing, so the temporary name may still be there.
    await rm(temporary, { force: true });
  }
  if (how === 'move') await rm(from, { force: true });
  await fsyncDirectory(folder);
}

/** False when the two are on different file systems. */
async function moved(from: string, to: string): Promise<boolean> {
  try {
    await chmod(from, 0o444);
    await rename(from, to);
    return true;
  } catch (error) {
    if (errorCode(error) === 'EXDEV') return false;
    throw error;
  }
}

/** False where there are no hard links between the two. */
async function linked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (NO_LINKS.has(errorCode(error))) return false;
    throw error;
  }
}

async function copied(from: string, to: string): Promise<void> {
  await copyFile(from, to, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
  await using handle = await open(to, 'r');
  await handle.chmod(0o444);
  await handle.sync();
}

/** Makes `path` a relative link to `blob`, or another name or a copy of it where there are no symbolic links. */
async function pointAt(blob: string, path: string): Promise<void> {
  const folder = dirname(path);
  const target = relative(folder, blob);
  if ((await tryLink(target, path)) === 'made') return void (await fsyncDirectory(folder));
  if ((await readlink(path).catch(() => undefined)) === target) return;
  const temporary = temporaryIn(folder);
  try {
    if ((await tryLink(target, temporary)) === 'impossible' && !(await linked(blob, temporary)))
      await copied(blob, temporary);
    await rename(temporary, path);
  } finally {
    await rm(temporary, { force: true });
  }
  await fsyncDirectory(folder);
}

/** A symbolic link appears at once and whole, so it needs no temporary name. */
async function tryLink(target: string, path: string): Promise<'made' | 'exists' | 'impossible'> {
  try {
    await inFolder(dirname(path), () => symlink(target, path));
    return 'made';
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return 'exists';
    if (NO_LINKS.has(errorCode(error))) return 'impossible';
    throw error;
  }
}
