import { access, constants, mkdir } from 'node:fs/promises';
import { Failure, isFailure } from '../../contract/failure.ts';
import type { KnownFile } from '../../contract/model.ts';
import { errorCode, onDisk, quoted } from '../../store/disk-failure.ts';
import { inParallel } from '../../store/in-parallel.ts';
import { addToModelLock, type LockedModel } from '../registry/model-lock.ts';
import { isLocked, type KnownModel, type ListedModel } from '../registry/open-registry.ts';
import { chooseFiles } from './choose-files.ts';
import type { Endpoint } from './endpoint.ts';
import { type FetchOptions, USUAL_PATIENCE } from './fetch-options.ts';
import { type HubFile, listRepository } from './hub-api.ts';
import { learnFile } from './learn-file.ts';
import { type Connections, openConnections } from './open-connections.ts';
import { sourceFailure } from './source-failure.ts';
import { stopped } from './stopped.ts';
import { withStoreLock } from './store-lock.ts';

/** A small file has no sha256 at a hub and is read whole for it. */
const MOST_READ_BYTES = 20_000_000;
const AT_ONCE = 8;

/**
 * Learns which files an unlocked model has, their sizes and digests, from its source, and keeps it in `<localDir>/models.lock.json`. What the
 * entry says already has to agree. Small files of a hub are read for it, files of a plain server are downloaded; they stay in `incoming/` and are
 * not fetched again. A model that is locked is returned as it is.
 * @throws Failure ERR_MODEL_UNKNOWN, ERR_MODEL_SOURCE naming both sides of a contradiction, ERR_MODEL_GATED, ERR_NOT_WRITABLE
 */
export async function lockModel(id: string, options: FetchOptions): Promise<KnownModel> {
  const { registry, places, signal, onMessage } = options;
  const model = registry.model(id);
  if (isLocked(model)) return model;
  const [root] = places.roots.models;
  if (root === undefined) throw new TypeError('there is no model root');
  await requireWritable(options.localDir);
  return withStoreLock(root, { signal, onWait: (holder) => onMessage?.(waitingFor(holder)) }, async () => {
    await using connections = openConnections(options);
    return await learnModel(model, root, { ...options, connections });
  });
}

export const waitingFor = ({ host, pid }: { readonly host: string; readonly pid: number }): string =>
  `The model store is being written by process ${pid} on ${host}; waiting for it.`;

/** Nothing of an unlocked model is fetched where it could not be noted what it is. */
async function requireWritable(localDir: string): Promise<void> {
  await onDisk({ folder: localDir }, async () => {
    try {
      await mkdir(localDir, { recursive: true });
    } catch (error) {
      if (!['EEXIST', 'ENOTDIR'].includes(errorCode(error))) throw error;
      throw new Failure('ERR_NOT_WRITABLE', `The folder ${localDir} cannot be written.`, {
        why: 'There is a file where it should be.',
        safe: 'Nothing was changed.',
        fix: [`ls -ld ${quoted(localDir)}`],
        cause: error,
      });
    }
    await access(localDir, constants.W_OK);
  });
}

interface LearnOptions extends FetchOptions {
  readonly connections: Connections;
}

async function learnModel(model: ListedModel, root: string, options: LearnOptions): Promise<KnownModel> {
  const { connections, localDir, onMessage, signal } = options;
  const failures: Failure[] = [];
  for (const endpoint of connections.of(model)) {
    try {
      const { revision, files } = await learnFrom(endpoint, model, root, options);
      const locked: LockedModel = {
        lockedAt: new Date().toISOString(),
        from: new URL(endpoint.url).origin,
        revision,
        files: files.map(({ oneOf: _, ...file }) => file),
      };
      await addToModelLock(localDir, model.entry.id, locked);
      const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
      const at = revision === null ? '' : ` at revision ${revision}`;
      onMessage?.(
        `${model.entry.id} is locked${at}: ${files.length} ${files.length === 1 ? 'file' : 'files'}, ${bytes} bytes, as ${locked.from} has it.`,
      );
      return { ...model, revision, files: locked.files };
    } catch (error) {
      if (signal?.aborted) throw stopped(error);
      if (!isFailure(error) || !['model', 'offline'].includes(error.class)) throw error;
      failures.push(error);
    }
  }
  throw failures.find(({ code }) => code === 'ERR_MODEL_GATED') ?? failures[0] ?? new TypeError('no endpoint');
}

interface Learned {
  readonly revision: string | null;
  readonly files: readonly KnownFile[];
}

async function learnFrom(
  endpoint: Endpoint,
  model: ListedModel,
  root: string,
  options: LearnOptions,
): Promise<Learned> {
  const { source } = model.entry;
  const learn = { root, endpoint, model, patience: { ...USUAL_PATIENCE, ...options.patience }, signal: options.signal };
  if (source.type === 'url') {
    // Two large files at once, as downloads do.
    const files = await inParallel(model.entry.files, 2, (said) => learnFile({ ...learn, said, limit: Infinity }));
    return { revision: null, files };
  }
  if (source.type !== 'hub') throw new TypeError(`${model.entry.id} is not locked by a server`);
  const asked = { model, endpoint: endpoint.url };
  const { token } = options;
  const { revision, files: found, renamedTo } = await listRepository(endpoint, model, { ...learn, token });
  if (renamedTo !== undefined) options.onMessage?.(renamed(source.repo, renamedTo));
  const chosen = chooseFiles(model, found);
  if (typeof chosen === 'string') throw sourceFailure(asked, chosen);
  const pinned = { ...model, revision };
  const files = await inParallel(chosen, AT_ONCE, async ({ said, found: there }): Promise<KnownFile> => {
    const contradiction = findDifference(said, there);
    if (contradiction !== null) throw sourceFailure({ ...asked, path: said.path }, contradiction);
    if (there.sha256 !== undefined) return { ...said, bytes: there.bytes, sha256: there.sha256 };
    if (there.bytes > MOST_READ_BYTES)
      throw sourceFailure(
        { ...asked, path: said.path },
        `It has ${there.bytes} bytes and the server knows no sha256 of it; only files up to ${MOST_READ_BYTES} bytes are read for that.`,
      );
    const expected = { ...said, bytes: there.bytes, gitSha1: there.gitSha1 };
    return learnFile({ ...learn, model: pinned, token, said: expected, limit: MOST_READ_BYTES });
  });
  return { revision, files };
}

export const renamed = (from: string, to: string): string =>
  `The repository ${from} has another name now: ${to}. It is stored under the one the registry knows.`;

/** Where the entry and the server say something else; null where they agree. */
function findDifference(
  said: {
    readonly bytes?: number | undefined;
    readonly sha256?: string | undefined;
    readonly gitSha1?: string | undefined;
  },
  found: HubFile,
): string | null {
  const differs = (name: string, ours: unknown, theirs: unknown): string | null =>
    ours === undefined || theirs === undefined || ours === theirs
      ? null
      : `The registry says its ${name} is ${ours}, the server says ${theirs}.`;
  return (
    differs('size', said.bytes, found.bytes) ??
    differs('sha256', said.sha256, found.sha256) ??
    differs('git id', said.gitSha1, found.gitSha1)
  );
}
