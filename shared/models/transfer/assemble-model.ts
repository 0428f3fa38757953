import {
  copyFile,
  link,
  lstat,
  mkdir,
  readdir,
  readlink,
  realpath,
  rename,
  rm,
  stat,
  symlink,
  utimes,
} from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { Failure } from '../../contract/failure.ts';
import { errorCode, onDisk } from '../../store/disk-failure.ts';
import { ownedName } from '../../store/owned-name.ts';
import { sweepFolders } from '../../store/sweep.ts';
import { type StoreLockOptions, withStoreLock } from '../download/store-lock.ts';
import { assembledDir } from '../layout/hub-layout.ts';
import { locateModel } from '../layout/locate-model.ts';
import { storeRoot } from './store-root.ts';
import type { TransferOptions } from './transfer-options.ts';

export interface AssembleOptions extends Pick<TransferOptions, 'registry' | 'places'>, StoreLockOptions {
  /** For tests: how a symbolic link is made. */
  readonly makeLink?: typeof symlink;
}

export interface Assembled {
  /** Absolute. */
  readonly dir: string;
  /** False when the folder was there and right. */
  readonly made: boolean;
}

const NO_LINKS = new Set(['EPERM', 'EACCES', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EXDEV', 'EMLINK']);

/**
 * Makes the folder an engine loads a model from where no source has that layout: `<root>/assembled/<id>/`, relative links to files of several
 * models, by the entry's steps; a later step replaces an earlier one of the same name. Where there are no symbolic links it holds hard links,
 * else copies. A folder that is right stays, without taking the lock of the store, so that this works in a read-only store. After a crash
 * there is the old folder, the new one or none. Throws ERR_MODEL_MISSING naming the file that is not there, ERR_DISK_FULL, ERR_NOT_WRITABLE.
 */
export async function assembleModel(id: string, options: AssembleOptions): Promise<Assembled> {
  const { places, makeLink = symlink } = options;
  const root = storeRoot(places);
  const parent = assembledDir(root);
  const dir = join(parent, id);
  const wanted = await wantedFiles(id, options);
  if (await isRight(dir, wanted, root)) return { dir, made: false };
  return withStoreLock(root, options, () =>
    onDisk({ folder: parent }, async () => {
      if (await isRight(dir, wanted, root)) return { dir, made: false };
      await mkdir(parent, { recursive: true });
      await sweepFolders([parent]);
      const [fresh, old] = [join(parent, ownedName('.new')), join(parent, ownedName('.old'))];
      try {
        for (const [to, target] of wanted) {
          const path = join(fresh, to);
          await mkdir(dirname(path), { recursive: true });
          await point(path, target, { root, dir: join(dir, to), makeLink });
        }
        await rename(dir, old).catch((error: unknown) => {
          if (errorCode(error) !== 'ENOENT') throw error;
        });
        await rename(fresh, dir);
      } finally {
        await rm(fresh, { recursive: true, force: true });
        await rm(old, { recursive: true, force: true });
      }
      return { dir, made: true };
    }),
  );
}

/** Absolute path of the file behind each name, the last step of a name counts. */
async function wantedFiles(id: string, { registry, places }: AssembleOptions): Promise<ReadonlyMap<string, string>> {
  const { entry } = registry.model(id);
  if (entry.assemble === undefined)
    throw new TypeError(`${id} is loaded from its own files, not from an assembled folder`);
  const wanted = new Map<string, string>();
  for (const step of entry.assemble) {
    const path = join(locateModel(registry.model(step.model), places), step.path);
    const found = await stat(path).catch(() => undefined);
    if (found?.isFile() !== true) {
      throw new Failure('ERR_MODEL_MISSING', `The folder of model ${id} cannot be put together.`, {
        why: `${step.path} of ${step.model} is not there (${path}).`,
        safe: 'Nothing was changed.',
        fix: [`./cache-models.sh --model ${id}`],
      });
    }
    wanted.set(step.to, path);
  }
  return wanted;
}

/** Inside the root relative, so that the whole root can be moved; what lies outside of it is named in full. */
const linkText = (from: string, target: string, root: string): string =>
  target.startsWith(`${root}/`) ? relative(dirname(from), target) : target;

interface PointOptions {
  readonly root: string;
  /** Where the link will lie at last. */
  readonly dir: string;
  readonly makeLink: typeof symlink;
}

async function point(path: string, target: string, { root, dir, makeLink }: PointOptions): Promise<void> {
  const real = await realpath(target);
  const attempts = [
    () => makeLink(linkText(dir, target, root), path),
    () => link(real, path),
    // The times are kept to tell later that the copy is of this file.
    () => copyFile(real, path).then(async () => utimes(path, new Date(), (await stat(real)).mtime)),
  ];
  for (const [index, attempt] of attempts.entries()) {
    try {
      return await attempt();
    } catch (error) {
      if (!NO_LINKS.has(errorCode(error)) || index === attempts.length - 1) throw error;
    }
  }
}

async function isRight(dir: string, wanted: ReadonlyMap<string, string>, root: string): Promise<boolean> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true }).catch(() => []);
  const names = entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(dir, join(entry.parentPath, entry.name)));
  if (names.length !== wanted.size) return false;
  for (const name of names) {
    const target = wanted.get(name);
    if (target === undefined || !(await isSame(join(dir, name), target, root))) return false;
  }
  return true;
}

async function isSame(path: string, target: string, root: string): Promise<boolean> {
  const own = await lstat(path);
  if (own.isSymbolicLink()) return (await readlink(path)) === linkText(path, target, root);
  const theirs = await stat(target);
  if (own.ino === theirs.ino && own.dev === theirs.dev) return true;
  return own.isFile() && own.size === theirs.size && Math.abs(own.mtimeMs - theirs.mtimeMs) < 2_000;
}
