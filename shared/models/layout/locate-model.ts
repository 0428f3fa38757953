import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { KnownFile, PackageSource } from '../../contract/model.ts';
import type { Roots } from '../../util/settings.ts';
import { isLocked, type KnownModel, type ListedModel } from '../registry/open-registry.ts';
import { assembledDir, localDir, snapshotDir } from './hub-layout.ts';

export interface ModelPlaces {
  readonly projectDir: string;
  readonly roots: Pick<Roots, 'environments' | 'models'>;
}

/** `<environments>/<id>/lib/python3.N/site-packages`; a made-up N while the environment is not there. */
export function sitePackages(id: string, environments: string): string {
  const lib = join(environments, id, 'lib');
  let names: readonly string[] = [];
  try {
    names = readdirSync(lib);
  } catch {
    // Not made yet: the path below does not exist either, which is what the caller will find.
  }
  return join(lib, names.find((name) => name.startsWith('python3')) ?? 'python3', 'site-packages');
}

function locatePackage(source: PackageSource, { projectDir, roots }: ModelPlaces): string {
  switch (source.manager) {
    case 'pip':
      return join(sitePackages(source.environment, roots.environments), source.root);
    case 'npm':
      return join(projectDir, 'node_modules', source.root);
    case 'deb':
      return join('/', source.root);
  }
}

/** The revision of a hub model that nobody knows yet; no snapshot has this name. */
const UNKNOWN_REVISION = 'unlocked';

/** Every folder in which a model's own files may lie, the best first; the first is where they are written. */
export function candidateDirs({ entry, revision }: ListedModel, places: ModelPlaces): readonly string[] {
  const { source } = entry;
  switch (source.type) {
    case 'package':
      return [locatePackage(source, places)];
    case 'url':
      return places.roots.models.map((root) => join(root, source.folder));
    case 'local':
      return places.roots.models.map((root) => localDir(root, entry.id));
    case 'hub':
      return [source.repo, ...source.aliases].flatMap((repo) =>
        places.roots.models.map((root) => snapshotDir(root, repo, revision ?? UNKNOWN_REVISION)),
      );
  }
}

const isThere = (dir: string, file: KnownFile): boolean => {
  const stat = statSync(join(dir, file.path), { throwIfNoEntry: false });
  return stat?.isFile() === true && stat.size === file.bytes;
};

/** The first folder in which every file of a model is there with its size; undefined where none has them all. Nothing is hashed. */
export const completeDir = (model: KnownModel, places: ModelPlaces): string | undefined =>
  candidateDirs(model, places).find((dir) => model.files.every((file) => isThere(dir, file)));

/**
 * Absolute folder a model's own files are relative to: of several roots the first that has all of them, else the first that has the folder,
 * else where it would be written. It need not exist.
 */
export function locateModel(model: ListedModel, places: ModelPlaces): string {
  const dirs = candidateDirs(model, places);
  const [first] = dirs;
  if (first === undefined) throw new TypeError('there is no model root');
  const complete = dirs.length > 1 && isLocked(model) ? completeDir(model, places) : undefined;
  if (complete !== undefined) return complete;
  // Files from a plain server share their folder with other models', so the files decide, not the folder.
  const sample = model.entry.files[0]?.path;
  const needle = model.entry.source.type === 'url' && sample !== undefined ? sample : '.';
  return dirs.find((dir) => existsSync(join(dir, needle))) ?? first;
}

/** The folder an engine is given: the assembled one where the entry has one, else that of its own files. */
export function loadDir(model: ListedModel, places: ModelPlaces): string {
  if (model.entry.assemble === undefined) return locateModel(model, places);
  const [root] = places.roots.models;
  if (root === undefined) throw new TypeError('there is no model root');
  return join(assembledDir(root), model.entry.id);
}
