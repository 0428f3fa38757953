import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode } from './disk-failure.ts';
import { isAbandoned } from './owned-name.ts';

/**
 * Removes what dead processes left in these folders: entries named by `ownedName` whose maker is dead. Anything else stays. Returns the
 * paths removed. A folder that is missing has nothing in it; an entry that another sweeper was faster with is no error.
 */
export async function sweepFolders(folders: readonly string[]): Promise<readonly string[]> {
  const removed: string[] = [];
  for (const folder of folders) {
    for (const name of await entriesOf(folder)) {
      const path = join(folder, name);
      if (!isAbandoned(name, await ageMs(path))) continue;
      await rm(path, { recursive: true, force: true });
      removed.push(path);
    }
  }
  return removed;
}

async function entriesOf(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return [];
    throw error;
  }
}

async function ageMs(path: string): Promise<number> {
  try {
    return Date.now() - (await stat(path)).mtimeMs;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return 0;
    throw error;
  }
}
