import { statSync } from 'node:fs';
import { basename, dirname, join, relative, sep } from 'node:path';
import type { Orphan } from '../../contract/model-audit.ts';
import { isAbandoned } from '../../store/owned-name.ts';
import { assembledDir, hubDir, incomingDir, localDir, quarantineDir, repoFolderName } from '../layout/hub-layout.ts';
import type { ModelRegistry } from '../registry/open-registry.ts';
import { listedFiles } from './own-look.ts';
import { entriesOf } from './store-view.ts';
import { bytesOf, type Found } from './walk-folder.ts';

/** Left by stores of objects that take files in pieces. */
const UPLOADS = '.s3compat_uploads';

/** What the registry knows of hub caches: the revisions of a repository's folder; null where any may be meant, since one is unlocked. */
type KnownRepositories = ReadonlyMap<string, ReadonlySet<string> | null>;

/**
 * What lies in a models root and belongs to no model of the registry. Bytes are those that would come free: what a known snapshot links to is
 * not counted.
 * @param files all files under the root
 */
export function findOrphans(root: string, files: readonly Found[], registry: ModelRegistry): readonly Orphan[] {
  const under = (folder: string): readonly Found[] => files.filter(({ path }) => path.startsWith(folder + sep));
  const each = (folder: string, what: Orphan['what']): readonly Orphan[] =>
    entriesOf(folder)
      .map(({ name }) => join(folder, name))
      .filter((path) => !path.endsWith('.lock'))
      .map((path) => ({ path, bytes: ownBytes(path, files), what }));
  const assembled = each(assembledDir(root), 'leftover').filter(
    ({ path }) => registry.models.get(basename(path))?.entry.assemble === undefined && !basename(path).includes('~'),
  );
  const locals = each(dirname(localDir(root, 'any')), 'other').filter(
    ({ path }) => registry.models.get(basename(path))?.entry.source.type !== 'local',
  );
  const all = [
    ...inHub(hubDir(root), under(hubDir(root)), knownRepositories(registry)),
    ...inFolders(root, files, registry),
    ...locals,
    ...assembled,
    ...each(incomingDir(root), 'partial-download'),
    ...each(quarantineDir(root), 'quarantined'),
    ...uploads(files),
    ...abandoned(files),
  ];
  // What a dead writer left in a folder for downloads is named once.
  return [...new Map(all.map((orphan) => [orphan.path, orphan])).values()];
}

/** In somebody's own folder: what stopped downloads and uploads left. */
export const findLeftovers = (files: readonly Found[]): readonly Orphan[] => [
  ...files
    .filter(({ path }) => /\.(incomplete|part|aria2|crdownload)$/.test(path))
    .map(({ path, bytes }): Orphan => ({ path, bytes, what: 'partial-download' })),
  ...uploads(files),
  ...abandoned(files),
];

/** Bytes that have no other name than those at or under a path; links are not its own. */
function ownBytes(path: string, files: readonly Found[]): number {
  const isUnder = (one: Found): boolean => one.path === path || one.path.startsWith(path + sep);
  const real = files.filter(({ isLink }) => !isLink);
  const elsewhere = new Set(real.filter((one) => !isUnder(one)).map(({ inode }) => inode));
  return bytesOf(real.filter((one) => isUnder(one) && !elsewhere.has(one.inode)));
}

export function knownRepositories(registry: ModelRegistry): KnownRepositories {
  const known = new Map<string, Set<string> | null>();
  for (const { entry, revision } of registry.models.values()) {
    if (entry.source.type !== 'hub') continue;
    for (const repo of [entry.source.repo, ...entry.source.aliases]) {
      const name = repoFolderName(repo);
      const before = known.get(name);
      if (revision === null || before === null) known.set(name, null);
      else known.set(name, new Set([...(before ?? []), revision]));
    }
  }
  return known;
}

/** The parts of one repository's folder. */
interface Repository {
  readonly snapshots: Map<string, Found[]>;
  readonly blobs: Found[];
  readonly all: Found[];
}

function inHub(hub: string, files: readonly Found[], known: KnownRepositories): readonly Orphan[] {
  const repositories = new Map<string, Repository>();
  const shared: Found[] = [];
  const locks: Found[] = [];
  for (const file of files) {
    const [name = '', part, inner = ''] = file.path.slice(hub.length + 1).split(sep);
    if (name === 'blobs') shared.push(file);
    else if (name === '.locks') locks.push(file);
    else if (/^(models|datasets|spaces)--/.test(name)) {
      const its: Repository = repositories.get(name) ?? { snapshots: new Map(), blobs: [], all: [] };
      repositories.set(name, its);
      its.all.push(file);
      if (part === 'blobs') its.blobs.push(file);
      if (part === 'snapshots') its.snapshots.set(inner, [...(its.snapshots.get(inner) ?? []), file]);
    }
  }
  const isKnown = (name: string, revision: string): boolean => {
    const revisions = known.get(name);
    return revisions === null || revisions?.has(revision) === true;
  };
  const needed = new Set<string>();
  const linked = new Set<string>();
  for (const [name, { snapshots }] of repositories) {
    for (const [revision, its] of snapshots) {
      const by = isKnown(name, revision) ? needed : linked;
      for (const { inode } of its) by.add(inode);
    }
  }
  const freed = (its: readonly Found[]): number => bytesOf(its.filter(({ inode }) => !needed.has(inode)));
  const loose = (blobs: readonly Found[]): readonly Orphan[] =>
    blobs
      .filter(({ inode }) => !needed.has(inode) && !linked.has(inode))
      .map(({ path, bytes }) => ({ path, bytes, what: path.endsWith('.incomplete') ? 'partial-download' : 'blob' }));
  const ofRepositories = [...repositories].flatMap(([name, { snapshots, blobs, all }]): readonly Orphan[] => {
    const folder = join(hub, name);
    if (!known.has(name)) return [{ path: folder, bytes: freed(all), what: 'repository' }];
    const revisions = [...snapshots].filter(([revision]) => !isKnown(name, revision));
    return [
      ...revisions.map(([revision, its]): Orphan => {
        return { path: join(folder, 'snapshots', revision), bytes: freed(its), what: 'revision' };
      }),
      ...loose(blobs),
    ];
  });
  const left: readonly Orphan[] =
    locks.length === 0 ? [] : [{ path: join(hub, '.locks'), bytes: bytesOf(locks), what: 'leftover' }];
  // The shared store keeps notes of who uses a blob beside the blobs.
  return [...ofRepositories, ...loose(shared.filter(({ path }) => !path.includes(`${sep}.refs${sep}`))), ...left];
}

/** Files from plain servers: what lies in the folders of such models and is none of theirs; and folders nobody knows. */
function inFolders(root: string, files: readonly Found[], registry: ModelRegistry): readonly Orphan[] {
  const listed = new Set<string>();
  const folders = new Set<string>();
  for (const model of registry.models.values()) {
    const { source } = model.entry;
    if (source.type !== 'url') continue;
    folders.add(source.folder.split('/')[0] ?? '');
    for (const { path } of listedFiles(model)) listed.add(join(root, source.folder, path));
  }
  const own = new Set(
    [hubDir(root), incomingDir(root), quarantineDir(root), assembledDir(root), localDir(root, 'any')].map(
      (path) => relative(root, path).split(sep)[0] ?? '',
    ),
  );
  const strangers = new Map<string, Found[]>();
  for (const file of files) {
    const [top = ''] = file.path.slice(root.length + 1).split(sep);
    if (own.has(top) || top.startsWith('.') || listed.has(file.path) || dirname(file.path) === root) continue;
    const path = folders.has(top) ? file.path : join(root, top);
    strangers.set(path, [...(strangers.get(path) ?? []), file]);
  }
  return [...strangers].map(([path, its]) => ({ path, bytes: bytesOf(its), what: 'other' }));
}

function uploads(files: readonly Found[]): readonly Orphan[] {
  const folders = new Map<string, Found[]>();
  for (const file of files) {
    const at = file.path.indexOf(`${sep}${UPLOADS}${sep}`);
    if (at < 0) continue;
    const folder = file.path.slice(0, at + UPLOADS.length + 1);
    folders.set(folder, [...(folders.get(folder) ?? []), file]);
  }
  return [...folders].map(([path, its]) => ({ path, bytes: bytesOf(its), what: 'leftover' }));
}

/** Files that a writer died over. */
function abandoned(files: readonly Found[]): readonly Orphan[] {
  return files.flatMap(({ path, bytes }): readonly Orphan[] => {
    if (!path.includes('~')) return [];
    const ageMs = Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
    return isAbandoned(basename(path), ageMs) ? [{ path, bytes, what: 'leftover' }] : [];
  });
}
