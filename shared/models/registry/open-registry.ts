import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Failure } from '../../contract/failure.ts';
import type { Digest } from '../../contract/ids.ts';
import type { KnownFile, ModelEntry, ModelLock, ModelSet } from '../../contract/model.ts';
import { ModelSets } from '../../contract/model.ts';
import { didYouMean } from '../../util/nearest.ts';
import { isInside, isKnown } from './find-contradiction.ts';
import { loadModels } from './load-models.ts';
import { modelDigest } from './model-digest.ts';
import { type LockedModel, readModelLock } from './model-lock.ts';

/** An entry together with what the lock adds to it. */
export interface ListedModel {
  readonly entry: ModelEntry;
  /** The commit of a hub model; null while it is unlocked, and for other sources. */
  readonly revision: string | null;
  /** Its files with size and digest; undefined while it is unlocked. */
  readonly files: readonly KnownFile[] | undefined;
}

/** A model of which every file is known. */
export interface KnownModel extends ListedModel {
  readonly files: readonly KnownFile[];
}

export const isLocked = (model: ListedModel): model is KnownModel => model.files !== undefined;

export interface ModelRegistry {
  readonly models: ReadonlyMap<string, ListedModel>;
  readonly sets: ReadonlyMap<string, ModelSet>;
  /** Throws ERR_MODEL_UNKNOWN with a suggestion. */
  model(id: string): ListedModel;
  /** These models and all they require, each once, what is required first. Throws ERR_MODEL_UNKNOWN. */
  closure(ids: readonly string[]): readonly ListedModel[];
  /** Of the model with all it requires; null while one of them is unlocked. */
  digest(id: string): Digest | null;
}

/**
 * The registry of this machine: the project's entries and sets, the user's own entries, and what was learned about unlocked ones.
 * Throws ERR_CONFIG_INVALID naming the file that is not valid or contradicts another.
 * @param configDir the project's config folder
 * @param localDir the `local` root: `models/*.json` and `models.lock.json`; need not exist. Without it: what the project ships, the same everywhere.
 */
export function openRegistry(configDir: string, localDir?: string): ModelRegistry {
  const table = localDir === undefined ? loadModels(configDir) : loadModels(configDir, localDir);
  const lock = localDir === undefined ? NOTHING_LEARNED : readModelLock(localDir);
  const models = new Map([...table].map(([id, entry]) => [id, list(entry, lock.models[id])]));
  const sets = loadSets(configDir);
  refuseDangling(table, sets);

  const model = (id: string): ListedModel => {
    const found = models.get(id);
    if (found !== undefined) return found;
    throw new Failure('ERR_MODEL_UNKNOWN', `There is no model "${id}".${didYouMean(id, [...models.keys()])}`, {
      fix: ['./babelreel.sh models list'],
    });
  };
  const closure = (ids: readonly string[]): readonly ListedModel[] => {
    const seen = new Map<string, ListedModel>();
    const visit = (id: string): void => {
      if (seen.has(id)) return;
      const found = model(id);
      for (const required of found.entry.requires) visit(required);
      seen.set(id, found);
    };
    for (const id of ids) visit(id);
    return [...seen.values()];
  };
  return {
    models,
    sets,
    model,
    closure,
    digest(id) {
      const all = closure([id]);
      if (!all.every(isLocked)) return null;
      const own = all.find(({ entry }) => entry.id === id);
      const required = new Map(all.filter((one) => one !== own).map(({ entry, files }) => [entry.id, files]));
      return modelDigest(own?.files ?? [], required);
    },
  };
}

const NOTHING_LEARNED: ModelLock = { schema: 'model-lock/1', models: {} };

/** A lock only fills gaps: where it says something else than the entry, the entry counts and the lock is not used. */
function list(entry: ModelEntry, locked: LockedModel | undefined): ListedModel {
  const revision = entry.source.type === 'hub' ? (entry.source.revision ?? null) : null;
  const complete = entry.source.type !== 'hub' || (revision !== null && entry.source.allow.length === 0);
  if (complete && entry.files.every(isKnown) && entry.files.every(({ oneOf }) => oneOf === undefined))
    return { entry, revision, files: entry.files as readonly KnownFile[] };
  if (locked === undefined || !agrees(entry, locked)) return { entry, revision, files: undefined };
  return { entry, revision: locked.revision, files: locked.files };
}

/** True when the lock has every file the entry lists, of each group one, says nothing else of them, and no file leads out. */
function agrees({ source, files }: ModelEntry, locked: LockedModel): boolean {
  if (source.type === 'hub' && source.revision !== undefined && source.revision !== locked.revision) return false;
  if (source.type === 'hub' && locked.revision === null) return false;
  if (locked.files.length === 0) return false;
  const listed = new Map(files.map((file) => [file.path, file]));
  const learned = new Set(locked.files.map(({ path }) => path));
  const groups = new Set(files.flatMap(({ oneOf }) => oneOf ?? []));
  const mayHaveMore = source.type === 'hub' && source.allow.length > 0;
  return (
    files.every(({ path, oneOf }) => oneOf !== undefined || learned.has(path)) &&
    [...groups].every((name) => files.some(({ path, oneOf }) => oneOf === name && learned.has(path))) &&
    locked.files.every((file) => {
      const said = listed.get(file.path);
      if (said === undefined) return mayHaveMore && isInside(file.path);
      return (
        (said.sha256 ?? file.sha256) === file.sha256 &&
        (said.bytes ?? file.bytes) === file.bytes &&
        (said.gitSha1 ?? file.gitSha1) === file.gitSha1
      );
    })
  );
}

function loadSets(configDir: string): ReadonlyMap<string, ModelSet> {
  const path = join(configDir, 'model-sets.json');
  const invalid = (why: string): Failure => new Failure('ERR_CONFIG_INVALID', `${path} is not valid.`, { why });
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw invalid(error instanceof Error ? error.message : String(error));
  }
  const parsed = ModelSets.safeParse(json);
  if (parsed.success) return new Map(Object.entries(parsed.data.sets));
  throw invalid(parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; '));
}

/** What entries and sets say of entries that are not there, or that require each other in a circle. */
function refuseDangling(table: ReadonlyMap<string, ModelEntry>, sets: ReadonlyMap<string, ModelSet>): void {
  const refuse = (what: string, why: string): Failure =>
    new Failure('ERR_CONFIG_INVALID', `${what} is not valid.`, { why });
  for (const entry of table.values()) {
    const named = [...entry.requires, ...(entry.lora === undefined ? [] : [entry.lora.base])];
    const missing = named.find((id) => !table.has(id));
    if (missing !== undefined)
      throw refuse(`The model entry ${entry.id}`, `It names the model ${missing}, which has no entry.`);
    const step = entry.assemble?.find(({ model, path }) => !hasFile(table.get(model), path));
    if (step !== undefined)
      throw refuse(
        `The model entry ${entry.id}`,
        `It assembles "${step.path}" of ${step.model}, which has no such file.`,
      );
    const circle = findCircle(entry.id, table);
    if (circle !== undefined)
      throw refuse(`The model entry ${entry.id}`, `It requires itself: ${circle.join(' -> ')}.`);
  }
  for (const [name, set] of sets) {
    const missing = [...set.models, ...set.perLanguage, ...set.alternatives].find((id) => !table.has(id));
    if (missing !== undefined)
      throw refuse('config/model-sets.json', `The set ${name} names the model ${missing}, which has no entry.`);
  }
}

/** Of an entry with patterns nobody knows yet which files it has. */
const hasFile = (entry: ModelEntry | undefined, path: string): boolean =>
  entry === undefined ||
  (entry.source.type === 'hub' && entry.source.allow.length > 0) ||
  entry.files.some((file) => file.path === path);

function findCircle(id: string, table: ReadonlyMap<string, ModelEntry>): readonly string[] | undefined {
  const walk = (at: string, way: readonly string[]): readonly string[] | undefined => {
    if (way.includes(at)) return [...way.slice(way.indexOf(at)), at];
    for (const next of table.get(at)?.requires ?? []) {
      const found = walk(next, [...way, at]);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  return walk(id, []);
}
