import { link, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { errorCode, onDisk } from './disk-failure.ts';
import { ownedName } from './owned-name.ts';

/** `reduced`: the file system could not sync a directory or make a hard link; a power cut may take the newest files back. */
export type Durability = 'full' | 'reduced';

/** The weakest of them. */
export const weakest = (all: readonly Durability[]): Durability => (all.includes('reduced') ? 'reduced' : 'full');

const NO_DIRECTORY_SYNC = new Set(['ENOTSUP', 'EOPNOTSUPP', 'EINVAL']);
const NO_HARD_LINKS = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK']);

/**
 * Writes a whole file so that after a kill or a power cut there is either the old content or the new one: a temporary file in the same
 * folder, fsync, rename, fsync of the folder. The folder must exist. Throws ERR_DISK_FULL, ERR_NOT_WRITABLE.
 */
export async function writeFileDurably(path: string, data: string | Uint8Array): Promise<Durability> {
  const folder = dirname(path);
  return onDisk({ folder, neededBytes: Buffer.byteLength(data) }, async () => {
    const temporary = join(folder, ownedName(`.${basename(path)}`));
    try {
      await writeSynced(temporary, data);
      await rename(temporary, path);
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
    return fsyncDirectory(folder);
  });
}

/** Writes a new file and syncs its bytes, not its name. Refuses an existing one (EEXIST). */
export async function writeSynced(path: string, data: string | Uint8Array): Promise<void> {
  await using handle = await open(path, 'wx', 0o644);
  await handle.writeFile(data);
  await handle.sync();
}

/**
 * Gives the synced file `temporary` the name `final` unless that name is taken; the first of several processes wins. `temporary` is gone
 * afterwards, whoever won. Both must be on one file system. Without hard links the name is first taken by an empty file (O_EXCL) and
 * then replaced; a crash in between leaves the empty file, and `durability` says so.
 */
export async function publishExclusively(
  temporary: string,
  final: string,
  makeLink: typeof link = link,
): Promise<{ readonly outcome: 'published' | 'exists'; readonly durability: Durability }> {
  const folder = dirname(final);
  return onDisk({ folder }, async () => {
    try {
      const linked = await linkExclusively(temporary, final, makeLink);
      if (linked === 'exists') return { outcome: 'exists', durability: 'full' };
      if (linked === 'unsupported') {
        if (!(await claimName(final))) return { outcome: 'exists', durability: 'reduced' };
        await rename(temporary, final);
        await fsyncDirectory(folder);
        return { outcome: 'published', durability: 'reduced' };
      }
    } finally {
      await rm(temporary, { force: true });
    }
    return { outcome: 'published', durability: await fsyncDirectory(folder) };
  });
}

async function linkExclusively(
  temporary: string,
  final: string,
  makeLink: typeof link,
): Promise<'linked' | 'exists' | 'unsupported'> {
  try {
    await makeLink(temporary, final);
    return 'linked';
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return 'exists';
    if (NO_HARD_LINKS.has(errorCode(error))) return 'unsupported';
    throw error;
  }
}

/** False when the name is taken. */
async function claimName(path: string): Promise<boolean> {
  try {
    await (await open(path, 'wx', 0o644)).close();
    return true;
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    throw error;
  }
}

/** Makes the names in a folder survive a power cut. Some FUSE file systems cannot; that is `reduced`, not an error. */
export async function fsyncDirectory(folder: string): Promise<Durability> {
  await using handle = await open(folder, 'r');
  try {
    await handle.sync();
    return 'full';
  } catch (error) {
    if (NO_DIRECTORY_SYNC.has(errorCode(error))) return 'reduced';
    throw error;
  }
}
