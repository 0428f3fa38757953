import { lstat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { isAbandoned } from '../../store/owned-name.ts';
import { assembledDir, hubDir, incomingDir, quarantineDir, repoFolderName } from '../layout/hub-layout.ts';
import { type Garbage, measureGarbage, type Piece } from './measure-garbage.ts';
import { planRepository } from './plan-repository.ts';
import { storeDir, storeRoot } from './store-root.ts';
import type { TransferOptions } from './transfer-options.ts';
import { exists, filesBelow, list } from './walk.ts';

/** A revision of a model that is not the registry's and is wanted all the same: a job is locked to it. */
export interface KeptRevision {
  readonly id: string;
  readonly revision: string;
}

export interface GarbageOptions extends Pick<TransferOptions, 'registry' | 'places'> {
  /** What the manifests of jobs are locked to. */
  readonly keepJobs?: readonly KeptRevision[];
  /** Listed models whose files are to go as well. */
  readonly remove?: readonly string[];
  /** Also whole repositories that no entry names. The cache may be shared with other programs, so not unless told. */
  readonly unknownRepositories?: boolean;
  /** Blobs without a link that changed less than this ago are left alone; an hour unless told. */
  readonly settledMs?: number;
}

export interface KeptPath {
  readonly path: string;
  /** One sentence. */
  readonly why: string;
}

export interface GarbagePlan {
  readonly garbage: readonly Garbage[];
  readonly kept: readonly KeptPath[];
}

const HOUR_MS = 3_600_000;

/**
 * What of the store that is written no entry needs. Nothing is changed and nothing is hashed; a file of a listed model is in it only when its
 * id is in `remove` and no other model has the file. Throws ERR_MODEL_UNKNOWN for an id in `remove`.
 */
export async function planGarbage(options: GarbageOptions): Promise<GarbagePlan> {
  const { registry, places } = options;
  const root = storeRoot(places);
  const removed = new Set((options.remove ?? []).map((id) => registry.model(id).entry.id));
  const hub = await planHub(root, removed, options);
  const assembled = new Set(
    [...registry.models.values()]
      .filter(({ entry }) => entry.assemble !== undefined && !removed.has(entry.id))
      .map(({ entry }) => entry.id),
  );
  const pieces = [
    ...hub.garbage,
    ...(await below(incomingDir(root), 'partial-download')),
    ...(await below(quarantineDir(root), 'quarantined')),
    ...(await below(assembledDir(root), 'leftover')).filter(({ path }) => !assembled.has(basename(path))),
    ...(await plainFiles(removed, options)),
  ];
  const leftovers = (await abandonedFiles(root)).filter(
    ({ path }) => !pieces.some((one) => path === one.path || path.startsWith(`${one.path}/`)),
  );
  return { garbage: await measureGarbage([...pieces, ...leftovers]), kept: hub.kept };
}

async function planHub(
  root: string,
  removed: ReadonlySet<string>,
  options: GarbageOptions,
): Promise<{ readonly garbage: readonly Piece[]; readonly kept: readonly KeptPath[] }> {
  const { registry, keepJobs = [], unknownRepositories = false, settledMs = HOUR_MS } = options;
  const garbage: Piece[] = [];
  const kept: KeptPath[] = [];
  for (const { name } of await list(hubDir(root))) {
    if (!name.startsWith('models--')) continue;
    const folder = join(hubDir(root), name);
    const owners = [...registry.models.values()].filter(
      ({ entry: { source } }) =>
        source.type === 'hub' && [source.repo, ...source.aliases].some((repo) => repoFolderName(repo) === name),
    );
    const staying = owners.filter(({ entry }) => !removed.has(entry.id));
    if (owners.length === 0) {
      if (unknownRepositories) garbage.push({ path: folder, what: 'repository' });
      else kept.push({ path: folder, why: 'No entry names this repository; another program may use it.' });
    } else if (staying.some(({ files }) => files === undefined)) {
      kept.push({ path: folder, why: 'Its model is unlocked, so nobody knows which revision it needs.' });
    } else {
      const ids = new Set(staying.map(({ entry }) => entry.id));
      const keptRevisions = keepJobs.filter(({ id }) => ids.has(id)).map(({ revision }) => revision);
      const going = owners.filter(({ entry }) => removed.has(entry.id));
      garbage.push(...(await planRepository({ folder, staying, going, keptRevisions, settledMs })));
    }
  }
  return { garbage, kept };
}

/** Everything in a folder of the store's own but what a living process works on under a name of its own. */
async function below(dir: string, what: Piece['what']): Promise<readonly Piece[]> {
  const found: Piece[] = [];
  for (const { name } of await list(dir)) {
    const path = join(dir, name);
    const stat = await lstat(path).catch(() => undefined);
    if (stat === undefined || (name.includes('~') && !isAbandoned(name, Date.now() - stat.mtimeMs))) continue;
    found.push({ path, what });
  }
  return found;
}

/** Files that a writer died over, wherever they are. */
async function abandonedFiles(root: string): Promise<readonly Piece[]> {
  const found: Piece[] = [];
  for (const path of await filesBelow(root)) {
    const name = basename(path);
    if (name.includes('~') && isAbandoned(name, Date.now() - (await lstat(path)).mtimeMs))
      found.push({ path, what: 'leftover' });
  }
  return found;
}

/** Files of removed models that are in no hub cache, unless a model that stays has the same. */
async function plainFiles(
  removed: ReadonlySet<string>,
  { registry, places }: GarbageOptions,
): Promise<readonly Piece[]> {
  const pathsOf = (id: string): readonly string[] => {
    const model = registry.model(id);
    const { type } = model.entry.source;
    if (type !== 'url' && type !== 'local') return [];
    return (model.files ?? []).map((file) => join(storeDir(model, places), file.path));
  };
  const staying = new Set([...registry.models.keys()].filter((id) => !removed.has(id)).flatMap(pathsOf));
  const found: Piece[] = [];
  for (const path of [...removed].flatMap(pathsOf))
    if (!staying.has(path) && (await exists(path))) found.push({ path, what: 'other' });
  return found;
}
