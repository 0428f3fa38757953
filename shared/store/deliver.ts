import { constants } from 'node:fs';
import { chmod, copyFile, open, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { onDisk } from './disk-failure.ts';
import { fsyncDirectory } from './durable.ts';

/** What a delivered file looks like; a change of any of these means that somebody touched it. Nanoseconds and inode as decimal text. */
export interface DeliveredIdentity {
  readonly bytes: number;
  readonly mtimeNs: string;
  readonly ctimeNs: string;
  readonly ino: string;
}

/**
 * Puts a copy of the object `from` at `to`, over what is there, so that `to` is at every moment whole or not there: a copy (a reflink where
 * the file system has them) as `.<name>.part`, fsync, rename, fsync of the folder, which must exist. Never a hard link: the user may edit
 * the file, and the object must not change with it. Throws ERR_DISK_FULL, ERR_NOT_WRITABLE.
 */
export async function deliver(options: { readonly from: string; readonly to: string }): Promise<DeliveredIdentity> {
  const { from, to } = options;
  const folder = dirname(to);
  const part = join(folder, `.${basename(to)}.part`);
  const { size } = await stat(from);
  return onDisk({ folder, neededBytes: size }, async () => {
    // What an earlier run left may be read-only, and a link would be followed.
    await rm(part, { force: true });
    try {
      await copyFile(from, part, constants.COPYFILE_FICLONE);
      await chmod(part, 0o644);
      await using handle = await open(part, 'r');
      await handle.sync();
      await rename(part, to);
    } catch (error) {
      await rm(part, { force: true });
      throw error;
    }
    await fsyncDirectory(folder);
    // After the rename, which changes ctime.
    const stored = await stat(to, { bigint: true });
    return {
      bytes: Number(stored.size),
      mtimeNs: String(stored.mtimeNs),
      ctimeNs: String(stored.ctimeNs),
      ino: String(stored.ino),
    };
  });
}
