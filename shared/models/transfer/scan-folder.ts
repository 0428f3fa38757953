import type { Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode } from '../../store/disk-failure.ts';
import type { FoundFile, Refused } from './found-file.ts';
import { stopIfAborted } from './stop-if-aborted.ts';

export interface ScannedFolder {
  /** In the order of their names. */
  readonly files: readonly FoundFile[];
  readonly refused: readonly Refused[];
}

/**
 * Every regular file below a folder; links are followed, as a hub's cache consists of them, and a folder that is reached twice is read once.
 * What cannot be read and links to nothing are named. Only names and sizes are looked at. Throws ERR_CANCELLED, and what node:fs throws when `dir`
 * itself cannot be read.
 */
export async function scanFolder(dir: string, signal?: AbortSignal | undefined): Promise<ScannedFolder> {
  const files: FoundFile[] = [];
  const refused: Refused[] = [];
  const seen = new Set<string>();

  const visit = async (folder: string, prefix: string): Promise<void> => {
    stopIfAborted(signal);
    const { dev, ino } = await stat(folder);
    if (seen.has(`${dev}:${ino}`)) return;
    seen.add(`${dev}:${ino}`);
    const entries = await readdir(folder, { withFileTypes: true });
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const [name, path] = [prefix + entry.name, join(folder, entry.name)];
      try {
        const found = await stat(path);
        if (found.isDirectory()) await visit(path, `${name}/`);
        else if (found.isFile()) files.push({ name, bytes: found.size, at: path });
        else refused.push({ name, why: 'It is neither a file nor a folder.' });
      } catch (error) {
        refused.push({ name, why: whyNot(error, entry) });
      }
    }
  };
  await visit(dir, '');
  return { files, refused };
}

function whyNot(error: unknown, entry: Dirent): string {
  const code = errorCode(error);
  if (code === '') throw error;
  if (code === 'ENOENT' && entry.isSymbolicLink()) return 'It is a link to nothing.';
  return `It cannot be read (${code}).`;
}
