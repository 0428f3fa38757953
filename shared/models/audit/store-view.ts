import { type Dirent, lstatSync, readdirSync, readlinkSync, realpathSync, type Stats } from 'node:fs';
import { dirname, sep } from 'node:path';
import { errorCode } from '../../store/disk-failure.ts';
import { hubDir } from '../layout/hub-layout.ts';

/** A store as one audit sees it: where its links may lead, and what was looked at already, which is not looked at again. */
export interface StoreView {
  /** Where the file behind a name lies when that is outside; null when it is inside. The file must exist. */
  outside(path: string): string | null;
  /**
   * The file behind a link that leads straight to a regular file inside, which is what stores consist of, at half the cost of looking at
   * everything; undefined for anything else.
   */
  straight(path: string): Stats | undefined;
  /** Regular files by the names they were seen under: the link and what it leads to. */
  readonly seen: ReadonlyMap<string, Stats>;
  /** What is in a folder; nothing in one that is not there or cannot be read. */
  entries(folder: string): readonly Dirent[];
}

/** Looks at these roots, and at the hub cache in each, which may be a link to another disk. */
export function viewStore(roots: readonly string[]): StoreView {
  const folders = roots
    .flatMap((root) => [root, hubDir(root)])
    .flatMap((folder) => {
      try {
        return [realpathSync.native(folder)];
      } catch {
        // Not there, so nothing leads into it.
        return [];
      }
    });
  const isInside = (real: string): boolean =>
    folders.some((folder) => real === folder || real.startsWith(folder + sep));
  /** Real path of each folder; null outside. */
  const realFolders = new Map<string, string | null>();
  const realInside = (folder: string): string | null => {
    let real = realFolders.get(folder);
    if (real === undefined) {
      const path = realpathSync.native(folder);
      real = isInside(path) ? path : null;
      realFolders.set(folder, real);
    }
    return real;
  };
  const seen = new Map<string, Stats>();
  const listed = new Map<string, readonly Dirent[]>();
  return {
    outside(path) {
      const real = realpathSync.native(path);
      return isInside(real) ? null : real;
    },
    straight(path) {
      try {
        const text = readlinkSync(path);
        const cut = text.lastIndexOf('/');
        const start = text.startsWith('/') ? '' : `${dirname(path)}/`;
        // Not normalised: the file system knows what `..` means behind a link, text does not.
        const folder = realInside(`${start}${text.slice(0, Math.max(cut, 0))}/`);
        if (folder === null) return undefined;
        const target = `${folder}/${text.slice(cut + 1)}`;
        const stat = seen.get(target) ?? lstatSync(target);
        if (!stat.isFile()) return undefined;
        seen.set(path, stat).set(target, stat);
        return stat;
      } catch (error) {
        if (errorCode(error) === '') throw error;
        return undefined;
      }
    },
    seen,
    entries(folder) {
      const entries = listed.get(folder) ?? entriesOf(folder);
      listed.set(folder, entries);
      return entries;
    },
  };
}

/** What is in a folder; nothing in one that is not there or cannot be read. */
export function entriesOf(folder: string): readonly Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}
