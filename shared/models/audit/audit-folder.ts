import { resolve } from 'node:path';
import type { Digest } from '../../contract/ids.ts';
import type { ModelFile } from '../../contract/model.ts';
import type { FileLook, FileState, ModelLook, StoreAudit } from '../../contract/model-audit.ts';
import type { ListedModel } from '../registry/open-registry.ts';
import type { AuditOptions } from './audit-options.ts';
import { findDuplicates } from './find-duplicates.ts';
import { findLeftovers } from './find-orphans.ts';
import { findOwn } from './find-own.ts';
import { hashFiles } from './hash-files.ts';
import { lookAtFile } from './look-at-file.ts';
import { judgeAll, type Looks } from './look-at-models.ts';
import { type FolderMatch, indexFolder, matchFolder, strangersToHash, tellingNames } from './match-folder.ts';
import { measureStore } from './measure-store.ts';
import { isStored } from './model-states.ts';
import { findNotNeeded, type NotNeeded } from './not-needed.ts';
import { isGood, lookAtOwn, type OwnLook } from './own-look.ts';
import { walkFolders } from './walk-folder.ts';

/** A file of a model, found in somebody's folder. */
export interface FoundModelFile {
  /** Absolute. */
  readonly path: string;
  readonly model: string;
  /** Path inside the model. */
  readonly file: string;
  readonly state: FileState;
}

/** Whether a model could run from a folder with the network cut. */
export interface OfflineVerdict {
  readonly id: string;
  readonly yes: boolean;
  /** What stands against it. */
  readonly why: string | null;
}

export interface FolderAudit extends StoreAudit {
  readonly found: readonly FoundModelFile[];
  readonly notNeeded: readonly NotNeeded[];
  readonly couldRunOffline: { readonly yes: boolean; readonly models: readonly OfflineVerdict[] };
}

/**
 * Somebody's own folder: a hub cache, a folder of such, a flat folder, a network volume. Finds the models asked about, or those that are
 * there, wherever their files lie in it, and says what is missing, what none of them needs, and which could run without a network. Inside
 * packages is looked where they are installed. Throws ERR_MODEL_UNKNOWN, and the signal's reason.
 * @param folder need not exist
 */
export async function auditFolder(folder: string, options: AuditOptions): Promise<FolderAudit> {
  const dir = resolve(folder);
  const { registry, digests, deep, quotaGB, signal } = options;
  const walked = walkFolders([dir]);
  const index = indexFolder(dir, walked.files);
  const telling = tellingNames(registry);
  const all = [...registry.models.values()].filter(({ entry }) => entry.source.type !== 'package');
  const match = (digestOf: (path: string) => Digest | undefined): readonly FolderMatch[] =>
    all.map((model) => matchFolder(model, { index, telling, digestOf }));
  const known = (path: string): Digest | undefined => digests?.known(path);
  let matches = match(known);
  signal?.throwIfAborted();
  let strangersBytes = 0;
  if (deep === true) {
    const { outcomes, readBytes } = await hashFiles(strangersToHash(matches, index), options);
    strangersBytes = readBytes;
    matches = match((path) => {
      const outcome = outcomes.get(path);
      return outcome !== undefined && 'digest' in outcome ? outcome.digest : known(path);
    });
  }
  const ids = options.ids ?? modelsThere(matches);
  const byId = new Map(matches.map((one) => [one.model.entry.id, one]));
  const looks = await judgeAll(
    // Links into an assembled folder cost nothing to make, so their absence is not held against somebody's folder.
    { ...options, ids, places: { ...options.places, roots: { ...options.places.roots, models: [] } } },
    {
      look: (model) => lookIn(dir, byId.get(model.entry.id), model, options),
      otherRevisions: (model) => byId.get(model.entry.id)?.otherRevisions ?? [],
    },
  );
  const models = [...looks.models.values()];
  const found = foundOf(dir, looks);
  const inodes = new Map(walked.files.map(({ path, inode }) => [path, inode]));
  const needed = new Set(found.flatMap(({ path }) => inodes.get(path) ?? []));
  const verdicts = verdictsOf(ids, looks, registry);
  return {
    schema: 'model-audit/1',
    roots: [dir],
    deep: deep === true,
    models,
    orphans: findLeftovers(walked.files),
    duplicates: findDuplicates(walked.files, digests),
    store: measureStore({ root: dir, walked, quotaGB, additionalBytes: looks.additionalBytes }),
    hashedBytes: looks.hashedBytes + strangersBytes,
    stored: { complete: models.filter(isStored).length, of: models.length },
    found,
    notNeeded: findNotNeeded({ dir, files: walked.files, needed, owners: ownersOf(matches) }),
    couldRunOffline: { yes: verdicts.length > 0 && verdicts.every(({ yes }) => yes), models: verdicts },
  };
}

/** Files that could be taken into a store: of which model they are, and whether their digest was compared. */
export const filesToAdopt = (
  audit: FolderAudit,
): readonly { readonly model: string; readonly file: string; readonly path: string; readonly verified: boolean }[] =>
  audit.found.filter(isGood).map(({ model, file, path, state }) => ({ model, file, path, verified: state === 'ok' }));

/** Looks at each of a model's files at the likeliest place where it is as it should be. */
function lookIn(dir: string, match: FolderMatch | undefined, model: ListedModel, options: AuditOptions): OwnLook {
  const { digests, places } = options;
  if (match === undefined) return findOwn(model, places, { digests, within: null });
  const home = match.folders[0] ?? dir;
  const place = (file: ModelFile): string | undefined => {
    const likely = match.candidates.get(file) ?? [];
    const good = likely.find((path) => isGood(lookAtFile({ path, file, within: null, digests, checkFormat: true })));
    return good ?? likely[0];
  };
  return lookAtOwn(model, home, { digests, within: null, at: (file) => place(file) ?? `${home}/${file.path}` });
}

/** Models of which a folder has more than what others have as well: those that a folder is named after, and those that explain a file. */
function modelsThere(matches: readonly FolderMatch[]): readonly string[] {
  const held = matches.map((match) => {
    const paths = [...match.candidates.values()].flatMap(([first]) => first ?? []);
    const named = paths.some((path) => match.folders.some((folder) => path.startsWith(`${folder}/`)));
    return { id: match.model.entry.id, paths, named, share: paths.length / match.candidates.size };
  });
  const claimed = new Set<string>();
  const there = new Set<string>();
  for (const { id, paths, named } of [...held].sort((a, b) => Number(b.named) - Number(a.named) || b.share - a.share)) {
    if (paths.length === 0 || (!named && paths.every((path) => claimed.has(path)))) continue;
    there.add(id);
    for (const path of paths) claimed.add(path);
  }
  return matches.map(({ model }) => model.entry.id).filter((id) => there.has(id));
}

const foundOf = (dir: string, { files }: Looks): readonly FoundModelFile[] =>
  files
    .filter(({ at, foundBytes }) => foundBytes !== null && at.startsWith(`${dir}/`))
    .map(({ at, model, path, state }: FileLook) => ({ path: at, model, file: path, state }));

function ownersOf(matches: readonly FolderMatch[]): ReadonlyMap<string, readonly string[]> {
  const owners = new Map<string, string[]>();
  for (const { model, candidates } of matches)
    for (const path of [...candidates.values()].flatMap(([first]) => first ?? []))
      owners.set(path, [...(owners.get(path) ?? []), model.entry.id]);
  return owners;
}

/** Of the models asked about; parts that another one of them requires are judged with it. */
function verdictsOf(
  ids: readonly string[],
  { models }: Looks,
  registry: AuditOptions['registry'],
): readonly OfflineVerdict[] {
  const parts = new Set(ids.flatMap((id) => registry.model(id).entry.requires));
  return ids
    .filter((id) => !parts.has(id))
    .flatMap((id) => models.get(id) ?? [])
    .map((look: ModelLook) => ({ id: look.id, yes: isStored(look), why: look.why }));
}
