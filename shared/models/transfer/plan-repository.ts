import type { Stats } from 'node:fs';
import { lstat, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { ListedModel } from '../registry/open-registry.ts';
import type { Piece } from './measure-garbage.ts';
import { exists, filesBelow, list } from './walk.ts';

export interface RepositoryOptions {
  /** `models--org--name`, absolute. */
  readonly folder: string;
  /** Locked models of this repository that stay, and those whose files are to go. */
  readonly staying: readonly ListedModel[];
  readonly going: readonly ListedModel[];
  /** Revisions that stay beside those of the models that stay. */
  readonly keptRevisions: readonly string[];
  /** Blobs without a link that changed less than this ago are left alone. */
  readonly settledMs: number;
}

/** What of one repository of the hub cache is not needed: revisions, single files of models that go, and blobs that no link leads to then. */
export async function planRepository(options: RepositoryOptions): Promise<readonly Piece[]> {
  const { folder, staying, going, keptRevisions } = options;
  const wanted = new Set([...staying.flatMap(({ revision }) => revision ?? []), ...keptRevisions]);
  const goneRevisions = new Set<string>();
  const pieces: Piece[] = [];
  for (const { name: revision } of await list(join(folder, 'snapshots'))) {
    const snapshot = join(folder, 'snapshots', revision);
    const paths = wanted.has(revision) ? filesOnlyOf(revision, going, staying) : [];
    const found = (
      await Promise.all(paths.map(async (path) => ((await exists(join(snapshot, path))) ? [path] : [])))
    ).flat();
    if (wanted.has(revision)) {
      pieces.push(...found.map((path) => ({ path: join(snapshot, path), what: 'other' as const })));
      continue;
    }
    pieces.push({ path: snapshot, what: 'revision' });
    goneRevisions.add(revision);
  }
  return [...pieces, ...(await namesOf(folder, goneRevisions)), ...(await planBlobs(options, pieces))];
}

/** Paths that models which go have at a revision, and no model that stays. */
function filesOnlyOf(
  revision: string,
  going: readonly ListedModel[],
  staying: readonly ListedModel[],
): readonly string[] {
  const pathsOf = (models: readonly ListedModel[]): readonly string[] =>
    models.filter((model) => model.revision === revision).flatMap(({ files }) => (files ?? []).map(({ path }) => path));
  const theirs = new Set(pathsOf(staying));
  return pathsOf(going).filter((path) => !theirs.has(path));
}

/** What else speaks of a revision: lists of its files, branches that stand at it, notes about files it does not have. */
async function namesOf(folder: string, gone: ReadonlySet<string>): Promise<readonly Piece[]> {
  const found: Piece[] = [];
  for (const revision of gone)
    for (const path of [join(folder, 'trees', `${revision}.json`), join(folder, '.no_exist', revision)])
      if (await exists(path)) found.push({ path, what: 'revision' });
  for (const path of await filesBelow(join(folder, 'refs')))
    if (gone.has((await readFile(path, 'utf8')).trim())) found.push({ path, what: 'revision' });
  return found;
}

async function planBlobs({ folder, settledMs }: RepositoryOptions, going: readonly Piece[]): Promise<readonly Piece[]> {
  const isGoing = (path: string): boolean => going.some((one) => path === one.path || path.startsWith(`${one.path}/`));
  // By inode, not by the text of the link: it may be absolute, or lead through another name of the store.
  const linked = new Set<string>();
  const wasLinked = new Set<string>();
  for (const path of await filesBelow(join(folder, 'snapshots'))) {
    const target = await stat(path).catch(() => undefined);
    if (target !== undefined) (isGoing(path) ? wasLinked : linked).add(inodeOf(target));
  }
  const found: Piece[] = [];
  for (const entry of await list(join(folder, 'blobs'))) {
    const path = join(folder, 'blobs', entry.name);
    const blob = await lstat(path);
    // In a cache that shares blobs between repositories this is a link as well.
    const bytes = await stat(path).catch(() => blob);
    if (entry.isDirectory() || linked.has(inodeOf(bytes))) continue;
    // Another program may be between writing a blob and linking to it; one that something here linked to is no such blob.
    const isYoung = Date.now() - Math.max(blob.mtimeMs, blob.ctimeMs) < settledMs;
    if (isYoung && !wasLinked.has(inodeOf(bytes))) continue;
    found.push({ path, what: entry.name.endsWith('.incomplete') ? 'partial-download' : 'blob' });
  }
  return found;
}

const inodeOf = ({ dev, ino }: Stats): string => `${dev}:${ino}`;
