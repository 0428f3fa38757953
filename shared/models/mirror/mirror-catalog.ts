import { join } from 'node:path';
import type { KnownFile } from '../../contract/model.ts';
import type { FileDigests } from '../../store/file-digests.ts';
import type { ModelPlaces } from '../layout/locate-model.ts';
import { completeDir } from '../layout/locate-model.ts';
import { isLocked, type KnownModel, type ModelRegistry } from '../registry/open-registry.ts';

/** A file the mirror hands out; `at` is the absolute path of its bytes. */
export interface MirroredFile extends KnownFile {
  readonly at: string;
}

/** One revision of a hub repository, as far as the store has it. */
export interface MirroredRevision {
  /** The name the repository has in the registry, whatever alias was asked for. */
  readonly repo: string;
  readonly revision: string;
  /** Names of branches that stand at it. */
  readonly branches: readonly string[];
  /** By path, in the order of the paths. */
  readonly files: ReadonlyMap<string, MirroredFile>;
}

export interface MirrorCatalog {
  /** All that the store has of a repository, by its name or an alias of it; empty where it has nothing. */
  repository(repo: string): readonly MirroredRevision[];
  /** A complete model that comes from a plain server; undefined where there is none. */
  urlModel(id: string): ReadonlyMap<string, MirroredFile> | undefined;
  /** Ids of the models that are complete now. */
  served(): readonly string[];
}

export interface CatalogOptions {
  readonly registry: ModelRegistry;
  readonly places: ModelPlaces;
  /** Remembered digests: a file that is known to be wrong is not handed out. */
  readonly digests?: Pick<FileDigests, 'known'> | undefined;
}

/** How long one look at the files of a model counts: a client asks for many files in a row, and a download beside us may end meanwhile. */
const LOOK_MS = 2_000;

/**
 * What of the store may be handed out: files of registry models whose every file is there with its size and is not known to be wrong. Names
 * that come from a request are only ever looked up here, never joined into a path.
 */
export function openCatalog({ registry, places, digests }: CatalogOptions): MirrorCatalog {
  const models = [...registry.models.values()].filter(isLocked);
  const looks = new Map<string, { readonly until: number; readonly files: readonly MirroredFile[] | undefined }>();

  const filesOf = (model: KnownModel): readonly MirroredFile[] | undefined => {
    const { id } = model.entry;
    const last = looks.get(id);
    if (last !== undefined && last.until > performance.now()) return last.files;
    const dir = completeDir(model, places);
    const files = dir === undefined ? undefined : model.files.map((file) => ({ ...file, at: join(dir, file.path) }));
    const complete = files?.some((file) => isKnownWrong(file, digests)) === true ? undefined : files;
    looks.set(id, { until: performance.now() + LOOK_MS, files: complete });
    return complete;
  };

  return {
    repository(repo) {
      const found = new Map<string, { repo: string; branches: Set<string>; files: Map<string, MirroredFile> }>();
      for (const model of models) {
        const { source } = model.entry;
        if (source.type !== 'hub' || model.revision === null) continue;
        if (source.repo !== repo && !source.aliases.includes(repo)) continue;
        const files = filesOf(model);
        if (files === undefined) continue;
        const all = found.get(model.revision) ?? { repo: source.repo, branches: new Set(), files: new Map() };
        found.set(model.revision, all);
        all.branches.add(source.branch);
        for (const file of files) all.files.set(file.path, file);
      }
      return [...found].map(([revision, all]) => ({
        repo: all.repo,
        revision,
        branches: [...all.branches],
        files: new Map([...all.files].sort(([a], [b]) => (a < b ? -1 : 1))),
      }));
    },
    urlModel(id) {
      const model = models.find(({ entry }) => entry.id === id && entry.source.type === 'url');
      const files = model === undefined ? undefined : filesOf(model);
      return files === undefined ? undefined : new Map(files.map((file) => [file.path, file]));
    },
    served: () =>
      models
        .filter(({ entry }) => entry.source.type !== 'package')
        .filter((model) => filesOf(model) !== undefined)
        .map(({ entry }) => entry.id),
  };
}

function isKnownWrong(file: MirroredFile, digests: CatalogOptions['digests']): boolean {
  const known = digests?.known(file.at);
  return known !== undefined && known !== `sha256:${file.sha256}`;
}
