import { mkdirSync, realpathSync, statSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { z } from 'zod';
import { Failure } from '../../contract/failure.ts';
import { MODEL_ROLES, ModelEntry, type ModelFile, type ModelRole } from '../../contract/model.ts';
import { onDisk, onDiskSync, quoted } from '../../store/disk-failure.ts';
import { publishExclusively, writeSynced } from '../../store/durable.ts';
import { ownedName } from '../../store/owned-name.ts';
import { didYouMean } from '../../util/nearest.ts';
import { slug } from '../../util/safe-name.ts';
import { defaultFiles } from './default-files.ts';
import { describeFolder } from './describe-folder.ts';
import { findContradiction } from './find-contradiction.ts';

export interface AddEntryOptions {
  /**
   * `org/name` of a hub, or `org/name@REVISION` (a commit or a branch); or a folder. What exists as a folder, or starts with `.` or `/`, is
   * a folder.
   */
  readonly target: string;
  readonly role: string;
  readonly engine: string;
  /** Absent: made of role, engine and name. */
  readonly id?: string;
  /** The `local` root. */
  readonly localDir: string;
  readonly purpose?: string;
  /** Its name, as SPDX has it where it has it; absent: `unstated`. Whether it allows commercial use is not judged here. */
  readonly licence?: string;
  /** Of a repository: patterns of its files, instead of those that are usual for the engine and role. */
  readonly allow?: readonly string[];
  /** A LoRA has to say what it changes. */
  readonly lora?: NonNullable<ModelEntry['lora']>;
  /** Ids that are taken: those of the registry. */
  readonly taken?: Iterable<string>;
  readonly signal?: AbortSignal;
}

export interface AddedEntry {
  readonly id: string;
  /** Absolute path of the entry that was written. */
  readonly path: string;
  readonly entry: ModelEntry;
}

/** What an entry says of where its files are. */
interface Described {
  readonly name: string;
  readonly source: z.input<typeof ModelEntry>['source'];
  readonly files: readonly ModelFile[];
}

/**
 * Writes a user's own entry `<localDir>/models/<id>.json`. One for a repository is unlocked: the first download learns its files. One for a
 * folder knows sizes and digests of its files; to bring them into the store, under `<models root>/local/<id>/`, is the caller's work.
 * Throws ERR_USAGE (nothing is written then), ERR_NOT_WRITABLE, ERR_DISK_FULL.
 */
export async function addEntry(options: AddEntryOptions): Promise<AddedEntry> {
  const { target, engine, localDir, lora } = options;
  const role = readRole(options.role);
  if (!/^[a-z0-9][a-z0-9._-]*$/.test(engine))
    throw usage(
      `--engine ${JSON.stringify(engine)} is not a name of an engine.`,
      'It has small letters, digits, dots and dashes.',
    );
  const folder = asFolder(target);
  if (role === 'lora' && lora === undefined)
    throw usage('A LoRA has to name the model it changes.', 'Without it nobody knows what it can be used with.');
  const { name, source, files } =
    folder === undefined ? describeRepository(options, role) : await describeLocal(folder, options.signal);
  const id = options.id ?? `${role}.${engine}.${slug(name)}`;
  const entry = makeEntry(target, {
    schema: 'model/1',
    id,
    role,
    purpose: options.purpose ?? `Added by hand: ${name}`,
    engines: [engine],
    source,
    ...(files.length > 0 && { files: [...files] }),
    ...(lora !== undefined && { lora, requires: [lora.base] }),
    licence: { id: options.licence ?? 'unstated', commercial: 'unstated' },
  });
  const path = join(localDir, 'models', `${id}.json`);
  if (new Set(options.taken).has(id)) throw taken(id);
  await writeNew(path, entry);
  return { id, path, entry };
}

const usage = (what: string, why: string, fix: readonly string[] = ['./babelreel.sh models --help']): Failure =>
  new Failure('ERR_USAGE', what, { why, safe: 'Nothing was changed.', fix });

const taken = (id: string): Failure =>
  usage(`There is a model ${id} already.`, 'The new one needs another name: --id NAME.', [
    `./babelreel.sh models show ${quoted(id)}`,
  ]);

function readRole(given: string): ModelRole {
  const role = MODEL_ROLES.find((known) => known === given);
  if (role !== undefined) return role;
  throw usage(
    `--role "${given}" is not a role.${didYouMean(given, MODEL_ROLES)}`,
    `The roles are ${MODEL_ROLES.join(', ')}.`,
  );
}

/** The real path of the folder that is meant; undefined when a repository is meant. */
function asFolder(target: string): string | undefined {
  const stat = statSync(target, { throwIfNoEntry: false });
  if (stat?.isDirectory()) return realpathSync(target);
  if (stat !== undefined) throw usage(`${target} is not a folder.`, 'A model is added as a folder or as org/name.');
  if (/^[./]/.test(target)) throw usage(`${target} does not exist.`, 'A model is added as a folder or as org/name.');
  return undefined;
}

function describeRepository({ target, engine, allow }: AddEntryOptions, role: ModelRole): Described {
  const [repo = '', revision] = target.split('@', 2);
  const usual = defaultFiles(role, engine);
  const { files } = allow === undefined ? usual : { files: [] };
  const isCommit = revision !== undefined && /^[0-9a-f]{40}$/.test(revision);
  return {
    name: basename(repo),
    source: {
      type: 'hub',
      repo,
      ...(isCommit && { revision }),
      ...(revision !== undefined && !isCommit && { branch: revision }),
      allow: [...(allow ?? usual.allow)],
    },
    files,
  };
}

async function describeLocal(folder: string, signal?: AbortSignal): Promise<Described> {
  const files = await describeFolder(folder, signal);
  return { name: basename(folder), source: { type: 'local', folder }, files };
}

function makeEntry(target: string, given: z.input<typeof ModelEntry>): ModelEntry {
  const refuse = (why: string): Failure => usage(`No entry can be made of ${JSON.stringify(target)}.`, why);
  const parsed = ModelEntry.safeParse(given);
  if (!parsed.success)
    throw refuse(parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; '));
  const contradiction = findContradiction(parsed.data, given.id);
  if (contradiction !== null) throw refuse(contradiction);
  return parsed.data;
}

/** Of two that add the same id at once one is refused. */
async function writeNew(path: string, entry: ModelEntry): Promise<void> {
  const folder = join(path, '..');
  onDiskSync({ folder }, () => mkdirSync(folder, { recursive: true }));
  const temporary = join(folder, ownedName(`.${basename(path)}`));
  await onDisk({ folder }, async () => {
    try {
      await writeSynced(temporary, `${JSON.stringify(entry, null, 2)}\n`);
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
  });
  const { outcome } = await publishExclusively(temporary, path);
  if (outcome === 'exists') throw taken(entry.id);
}
