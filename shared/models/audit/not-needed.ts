import { basename, dirname, relative, sep } from 'node:path';
import { bytesOf, type Found } from './walk-folder.ts';

/** Something in a folder that no model asked about needs. */
export interface NotNeeded {
  /** Absolute: a file, or a folder with all in it. */
  readonly path: string;
  /** `openai/clip-vit-large-patch14` for a repository of a hub cache, else the path relative to the folder. */
  readonly name: string;
  /** Sizes, each inode once, what a needed file shares left out. */
  readonly bytes: number;
  /** Models of the registry that it belongs to. */
  readonly models: readonly string[];
}

export interface NotNeededOptions {
  readonly dir: string;
  readonly files: readonly Found[];
  /** Inodes of the files that are needed. */
  readonly needed: ReadonlySet<string>;
  /** Models each path belongs to. */
  readonly owners: ReadonlyMap<string, readonly string[]>;
}

/** What hub caches write for themselves. */
const NOTES =
  /(^|\/)(refs|trees|\.no_exist|\.locks|\.refs|\.cache)\/|(^|\/)(CACHEDIR\.TAG|version\.txt|\.huggingface-shared-blobs|\.gitattributes)$/;
const REPOSITORY = /^(models|datasets|spaces)--/;

/** What could be deleted without harm to the models asked about: repositories and folders as wholes, single files beside needed ones. */
export function findNotNeeded({ dir, files, needed, owners }: NotNeededOptions): readonly NotNeeded[] {
  const useful = new Set<string>();
  for (const { path, inode } of files) if (needed.has(inode)) for (const folder of above(path, dir)) useful.add(folder);
  const groups = new Map<string, Found[]>();
  for (const file of files) {
    if (needed.has(file.inode) || NOTES.test(relative(dir, file.path))) continue;
    const key = groupOf(file.path, dir, useful);
    groups.set(key, [...(groups.get(key) ?? []), file]);
  }
  const counted = new Set<string>();
  return [...groups].flatMap(([path, its]) => {
    const fresh = its.filter(({ inode }) => !counted.has(inode));
    for (const { inode } of fresh) counted.add(inode);
    if (fresh.length === 0) return [];
    const models = [...new Set(its.flatMap((one) => owners.get(one.path) ?? []))];
    return [{ path, name: nameOf(path, dir), bytes: bytesOf(fresh), models }];
  });
}

/** The folders a path lies in, from `dir` downwards. */
function above(path: string, dir: string): readonly string[] {
  const parts = relative(dir, path).split(sep).slice(0, -1);
  return [dir, ...parts.map((_, index) => [dir, ...parts.slice(0, index + 1)].join(sep))];
}

/** The repository, else the deepest folder with nothing needed in it that is not part of a repository; else the file itself. */
function groupOf(path: string, dir: string, useful: ReadonlySet<string>): string {
  const folders = above(path, dir).filter((folder) => !useful.has(folder) && folder !== dir);
  const repository = folders.find((folder) => REPOSITORY.test(basename(folder)));
  const last = folders.at(-1);
  return repository ?? (last === undefined ? path : topOf(last, folders));
}

/** A folder called after a kind of cache says nothing; one below it does. */
const WRAPPERS = new Set([
  'hub',
  'transformers',
  'diffusers',
  'huggingface',
  'checkpoints',
  'models',
  'torch',
  'snapshots',
]);

const topOf = (last: string, folders: readonly string[]): string =>
  folders.find((folder) => !WRAPPERS.has(basename(folder))) ?? last;

function nameOf(path: string, dir: string): string {
  const name = basename(path);
  return REPOSITORY.test(name) && dirname(path) !== path
    ? name.replace(REPOSITORY, '').replace('--', '/')
    : relative(dir, path);
}
