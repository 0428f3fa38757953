import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { KnownFile } from '../../contract/model.ts';
import { blobName, blobsDir, treePath } from '../layout/hub-layout.ts';
import { candidateDirs, locateModel } from '../layout/locate-model.ts';
import { isLocked, type KnownModel, type ListedModel } from '../registry/open-registry.ts';
import type { PlanOptions } from './fetch-options.ts';
import type { Verifier } from './verify-present.ts';

/** A file that lies somewhere else and need not be fetched. */
export interface LinkedFile {
  readonly file: KnownFile;
  /** Absolute path of verified bytes. */
  readonly from: string;
  /** It is the user's own file, which may change. */
  readonly isForeign: boolean;
}

/** What has to be done for one model. */
export interface Lack {
  readonly model: KnownModel;
  readonly missing: readonly KnownFile[];
  readonly linked: readonly LinkedFile[];
  /** All files are there and only the lists beside them are not. */
  readonly isUnlisted: boolean;
}

export const isComplete = ({ missing, linked, isUnlisted }: Lack): boolean =>
  missing.length === 0 && linked.length === 0 && !isUnlisted;

interface Candidate {
  readonly path: string;
  readonly file: KnownFile;
  readonly isHome: boolean;
  readonly isForeign: boolean;
}

/**
 * What each of these models lacks in the root that is written: files that are there with the right digest are left alone, those that another
 * model, another root or an earlier name of the repository has are to be linked, the rest is missing. Models of packages lack nothing.
 */
export async function inspectStore(
  models: readonly KnownModel[],
  { registry, places }: PlanOptions,
  verifier: Verifier,
): Promise<ReadonlyMap<string, Lack>> {
  const lacks = new Map<string, Lack>();
  const inPlace = models.map((model) => ({ model, dir: locateModel(model, places) }));
  const right = await verifier.verified(
    inPlace.flatMap(({ model, dir }) => model.files.map((file) => ({ path: join(dir, file.path), file }))),
  );
  const sameBytes = filesByDigest([...registry.models.values()]);
  for (const { model, dir } of inPlace) {
    const home = candidateDirs(model, places)[0] ?? dir;
    const isWhole = model.files.every(({ path }) => right.has(join(dir, path)));
    if (isWhole || model.entry.source.type === 'package') {
      lacks.set(model.entry.id, {
        model,
        missing: [],
        linked: [],
        isUnlisted: dir === home && !isListed(model, places),
      });
      continue;
    }
    const missing: KnownFile[] = [];
    const linked: LinkedFile[] = [];
    for (const file of model.files) {
      const found = await findVerified(candidatesFor(file, model, { places, sameBytes }), verifier);
      if (found === undefined) missing.push(file);
      else if (!found.isHome) linked.push({ file, from: found.path, isForeign: found.isForeign });
    }
    lacks.set(model.entry.id, { model, missing, linked, isUnlisted: missing.length + linked.length === 0 });
  }
  return lacks;
}

function isListed({ entry, revision }: KnownModel, { roots }: PlanOptions['places']): boolean {
  const [root] = roots.models;
  if (entry.source.type !== 'hub' || revision === null || root === undefined) return true;
  return existsSync(treePath(root, entry.source.repo, revision));
}

type ByDigest = ReadonlyMap<string, readonly { readonly model: ListedModel; readonly file: KnownFile }[]>;

function filesByDigest(models: readonly ListedModel[]): ByDigest {
  const table = new Map<string, { model: ListedModel; file: KnownFile }[]>();
  for (const model of models.filter(isLocked)) {
    if (model.entry.source.type === 'package') continue;
    for (const file of model.files) table.set(file.sha256, [...(table.get(file.sha256) ?? []), { model, file }]);
  }
  return table;
}

/** Where the bytes of a file may lie, the best first. */
function candidatesFor(
  file: KnownFile,
  model: KnownModel,
  { places, sameBytes }: { readonly places: PlanOptions['places']; readonly sameBytes: ByDigest },
): readonly Candidate[] {
  const own = candidateDirs(model, places).map((dir, index) => ({
    path: join(dir, file.path),
    file,
    isHome: index === 0,
    isForeign: false,
  }));
  const others = (sameBytes.get(file.sha256) ?? []).flatMap((other) =>
    candidateDirs(other.model, places).map((dir) => ({
      path: join(dir, other.file.path),
      file,
      isHome: false,
      isForeign: false,
    })),
  );
  const { source } = model.entry;
  // Bytes whose link a crash took away.
  const blobs =
    source.type !== 'hub'
      ? []
      : [source.repo, ...source.aliases].flatMap((repo) =>
          places.roots.models.map((root) => ({
            path: join(blobsDir(root, repo), blobName(file)),
            file,
            isHome: false,
            isForeign: false,
          })),
        );
  const folder =
    source.type === 'local' ? [{ path: join(source.folder, file.path), file, isHome: false, isForeign: true }] : [];
  const known = new Set(own.map(({ path }) => path));
  return [...own, ...blobs, ...others.filter(({ path }) => !known.has(path)), ...folder];
}

async function findVerified(candidates: readonly Candidate[], verifier: Verifier): Promise<Candidate | undefined> {
  for (const candidate of candidates) {
    if ((await verifier.verified([candidate])).size > 0) return candidate;
  }
  return undefined;
}
