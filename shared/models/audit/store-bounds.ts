import { lstatSync, readlinkSync, realpathSync, type Stats } from 'node:fs';
import { dirname, sep } from 'node:path';
import { errorCode } from '../../store/disk-failure.ts';
import { hubDir } from '../layout/hub-layout.ts';

/** Where the links of a store may lead. Made for one look: what it learned of folders is not looked at again. */
export interface StoreBounds {
  /** Where the file behind a name lies when that is outside; null when it is inside. The file must exist. */
  outside(path: string): string | null;
  /**
   * The file behind a link that leads straight to a regular file inside, which is what stores consist of, at half the cost of looking at
   * everything; undefined for anything else.
   */
  straight(path: string): Stats | undefined;
}

/** The bounds of these roots, and of the hub cache in each, which may be a link to another disk. */
export function realRoots(roots: readonly string[]): StoreBounds {
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
  /** Real path of each folder, with what it lies in: null outside. */
  const known = new Map<string, string | null>();
  const realInside = (folder: string): string | null => {
    let real = known.get(folder);
    if (real === undefined) {
      const path = realpathSync.native(folder);
      real = isInside(path) ? path : null;
      known.set(folder, real);
    }
    return real;
  };
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
        const stat = folder === null ? undefined : lstatSync(`${folder}/${text.slice(cut + 1)}`);
        return stat?.isFile() === true ? stat : undefined;
      } catch (error) {
        if (errorCode(error) === '') throw error;
        return undefined;
      }
    },
  };
}
