import { basename, dirname, join, sep } from 'node:path';
import type { Digest } from '../../contract/ids.ts';
import type { ModelFile } from '../../contract/model.ts';
import { blobName, repoFolderName } from '../layout/hub-layout.ts';
import type { ListedModel, ModelRegistry } from '../registry/open-registry.ts';
import { listedFiles } from './own-look.ts';
import type { Found } from './walk-folder.ts';

/** A file of at least this size may be known by its digest whatever its name; smaller ones have too many twins. */
const TELLING_BYTES = 1 << 20;

/** What a folder has that may be a model's. */
export interface FolderMatch {
  readonly model: ListedModel;
  /** Folders that are called as the model is, the surest first: a snapshot of its revision, its repository's name in any spelling. */
  readonly folders: readonly string[];
  /** Other revisions that are there. */
  readonly otherRevisions: readonly string[];
  /** Paths that may hold a file, the likeliest first. */
  readonly candidates: ReadonlyMap<ModelFile, readonly string[]>;
}

export interface FolderIndex {
  readonly dir: string;
  readonly paths: ReadonlySet<string>;
  readonly byName: ReadonlyMap<string, readonly Found[]>;
  readonly bySize: ReadonlyMap<number, readonly Found[]>;
  /** Folders by their name without case and signs. */
  readonly folders: ReadonlyMap<string, readonly string[]>;
}

/** `Wan2.1-I2V-14B-480P` and `wan2.1_i2v_14b_480p` are one name. */
const spelling = (name: string): string => name.toLowerCase().replaceAll(/[^a-z0-9]/g, '');

/** What is looked up again and again. The folder itself may be a model's folder as well. */
export function indexFolder(dir: string, files: readonly Found[]): FolderIndex {
  const folders = new Set([dir]);
  for (const { path } of files) {
    for (let folder = dirname(path); folder.length > dir.length && !folders.has(folder); folder = dirname(folder))
      folders.add(folder);
  }
  return {
    dir,
    paths: new Set(files.map(({ path }) => path)),
    byName: Map.groupBy(files, ({ path }) => basename(path)),
    bySize: Map.groupBy(files, ({ bytes }) => bytes),
    folders: Map.groupBy([...folders].sort(), (folder) => spelling(basename(folder))),
  };
}

/** Names of files that only one model of the registry has. */
export function tellingNames(registry: ModelRegistry): ReadonlySet<string> {
  const counts = new Map<string, number>();
  for (const model of registry.models.values())
    for (const name of new Set(listedFiles(model).map(({ path }) => basename(path))))
      counts.set(name, (counts.get(name) ?? 0) + 1);
  return new Set([...counts].flatMap(([name, count]) => (count === 1 ? [name] : [])));
}

export interface MatchOptions {
  readonly index: FolderIndex;
  readonly telling: ReadonlySet<string>;
  /** As far as it is known already. */
  readonly digestOf: (path: string) => Digest | undefined;
}

/**
 * Where the files of a model may lie in somebody's folder: in a snapshot of a hub cache, in a folder named after its repository, else anywhere
 * under its name with its size. A file whose size nobody knows yet is found by its name where the folder or the name itself tells whose it is.
 */
export function matchFolder(model: ListedModel, { index, telling, digestOf }: MatchOptions): FolderMatch {
  const { folders, otherRevisions } = foldersOf(model, index);
  const listed = listedFiles(model);
  const names = Map.groupBy(listed, ({ path }) => basename(path));
  const candidates = new Map(
    listed.map((file): [ModelFile, readonly string[]] => {
      const name = basename(file.path);
      const rightSize = ({ bytes }: Found): boolean => file.bytes === bytes;
      const named = index.byName.get(name) ?? [];
      const inFolders = folders.map((folder) => join(folder, file.path)).filter((path) => index.paths.has(path));
      const flat = named.filter(
        (one) =>
          names.get(name)?.length === 1 &&
          folders.includes(dirname(one.path)) &&
          (file.bytes === undefined || rightSize(one)),
      );
      const anywhere = file.bytes === undefined ? (telling.has(name) ? named : []) : named.filter(rightSize);
      const blobs = byDigest(file, index, digestOf);
      const likely = [...new Set([...inFolders, ...[...flat, ...anywhere, ...blobs].map(({ path }) => path)])];
      return [file, likely];
    }),
  );
  return { model, folders, otherRevisions, candidates };
}

/** Files under another name: a hub names bytes by their digest, and what was hashed once is known again. */
function byDigest(
  file: ModelFile,
  { byName, bySize }: FolderIndex,
  digestOf: MatchOptions['digestOf'],
): readonly Found[] {
  const { sha256, bytes } = file;
  if (sha256 === undefined || bytes === undefined) return [];
  const blobs = [blobName({ ...file, sha256 }), sha256].flatMap((name) => byName.get(name) ?? []);
  const known =
    bytes < TELLING_BYTES ? [] : (bySize.get(bytes) ?? []).filter(({ path }) => digestOf(path) === `sha256:${sha256}`);
  return [...blobs.filter((one) => one.bytes === bytes), ...known];
}

/** Files that only their digest could tell: as large as a file that was found nowhere. A deep audit hashes them first. */
export function strangersToHash(matches: readonly FolderMatch[], { bySize }: FolderIndex): readonly string[] {
  const wanted = new Set(
    matches.flatMap(({ candidates }) =>
      [...candidates].flatMap(([{ bytes = 0, sha256 }, likely]) =>
        likely.length === 0 && sha256 !== undefined && bytes >= TELLING_BYTES ? [bytes] : [],
      ),
    ),
  );
  return [...wanted].flatMap((bytes) => (bySize.get(bytes) ?? []).map(({ path }) => path));
}

function foldersOf(
  { entry, revision }: ListedModel,
  { folders }: FolderIndex,
): Pick<FolderMatch, 'folders' | 'otherRevisions'> {
  const named = (name: string): readonly string[] => folders.get(spelling(name)) ?? [];
  if (entry.source.type !== 'hub') return { folders: named(entry.id), otherRevisions: [] };
  const snapshots: string[] = [];
  const plain: string[] = [];
  const others = new Set<string>();
  for (const repo of [entry.source.repo, ...entry.source.aliases]) {
    for (const folder of named(repoFolderName(repo))) {
      const inside = [...folders.values()].flat().filter((path) => dirname(path) === join(folder, 'snapshots'));
      for (const path of inside) {
        if (revision === null || basename(path) === revision) snapshots.push(path);
        else others.add(basename(path));
      }
      if (inside.length === 0) plain.push(folder);
    }
    plain.push(...named(repo.replace('/', '')), ...named(repo.slice(repo.indexOf('/') + 1)));
  }
  const isPlain = (path: string): boolean => !path.includes(`${sep}snapshots${sep}`) && !basename(path).includes('--');
  return {
    folders: [...new Set([...snapshots, ...plain.filter(isPlain), ...named(entry.id)])],
    otherRevisions: snapshots.length > 0 ? [] : [...others],
  };
}
