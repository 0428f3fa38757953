import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import PQueue from 'p-queue';
import { type Failure, isFailure } from '../../contract/failure.ts';
import type { Digest } from '../../contract/ids.ts';
import type { KnownFile } from '../../contract/model.ts';
import { sweepFolders } from '../../store/sweep.ts';
import { blobsDir, incomingDir, snapshotDir } from '../layout/hub-layout.ts';
import { publishFile } from '../layout/publish-file.ts';
import { publishSnapshot } from '../layout/publish-snapshot.ts';
import type { KnownModel } from '../registry/open-registry.ts';
import { type FetchedFile, fetchFile } from './fetch-file.ts';
import { type FetchOptions, type FetchOutcome, USUAL_PATIENCE } from './fetch-options.ts';
import { renamedRepo } from './hub-api.ts';
import type { Lack } from './inspect-store.ts';
import { renamed } from './lock-model.ts';
import { createMeter, type Meter } from './meter.ts';
import { type Connections, openConnections } from './open-connections.ts';
import { requireSpace } from './require-space.ts';
import { sourceFailure } from './source-failure.ts';
import { stopped } from './stopped.ts';

interface RunOptions extends FetchOptions {
  /** The models root that is written; its lock is held. */
  readonly root: string;
}

/** One digest, and all files that are to have these bytes. */
interface Job {
  readonly file: KnownFile;
  readonly targets: readonly { readonly model: KnownModel; readonly file: KnownFile }[];
}

/** How far one model is. */
interface Account {
  readonly lack: Lack;
  fetchedBytes: number;
  linkedBytes: number;
  startedMs: number;
  endedMs: number;
  failure?: Failure;
}

/** From here on a file is large: it fills a line by itself, and small ones only wait for answers. */
const LARGE_BYTES = 8 << 20;
const LARGE_AT_ONCE = 2;
const SMALL_AT_ONCE = 8;
/** Small files at work: those of which the answer is awaited, and as many that are being written and synced. */
const SMALL_UNDER_WAY = 2 * SMALL_AT_ONCE;

/** Brings what is lacking. Throws ERR_DISK_FULL before the first byte, ERR_CANCELLED; what fails one model is in its outcome. */
export async function runFetch(lacks: readonly Lack[], options: RunOptions): Promise<readonly FetchOutcome[]> {
  const { root, quotaGB, signal } = options;
  const accounts = new Map(lacks.map((lack) => [lack.model.entry.id, newAccount(lack)]));
  const jobs = gatherJobs(lacks);
  await sweepFolders([incomingDir(root), ...lacks.flatMap((lack) => foldersOf(lack, root))]);
  requireSpace({ root, quotaGB, bytes: await bytesToCome(jobs, root) });
  for (const account of accounts.values()) await linkFiles(account, options);
  const totalBytes = jobs.reduce((sum, { file }) => sum + file.bytes, 0);
  const meter = createMeter({ totalBytes, onProgress: options.onProgress });
  const told = new Set<string>();
  const bugs: unknown[] = [];
  const queues = {
    large: new PQueue({ concurrency: LARGE_AT_ONCE }),
    small: new PQueue({ concurrency: SMALL_UNDER_WAY }),
  };
  {
    await using connections = openConnections(options);
    const requests = new PQueue({ concurrency: SMALL_AT_ONCE });
    const common = { ...options, accounts, connections, meter, told, requests };
    for (const job of jobs) {
      const queue = job.file.bytes >= LARGE_BYTES ? queues.large : queues.small;
      void queue.add(async () => {
        if (bugs.length > 0 || signal?.aborted) return;
        await runJob(job, common).catch((error: unknown) => bugs.push(error));
      });
    }
    await Promise.all([queues.large.onIdle(), queues.small.onIdle()]);
  }
  if (jobs.length > 0) meter.flush();
  if (signal?.aborted) throw stopped(signal.reason);
  if (bugs.length > 0) throw bugs[0];
  return Promise.all([...accounts.values()].map((account) => close(account, options)));
}

const newAccount = (lack: Lack): Account => ({ lack, fetchedBytes: 0, linkedBytes: 0, startedMs: 0, endedMs: 0 });

function gatherJobs(lacks: readonly Lack[]): readonly Job[] {
  const jobs = new Map<string, { file: KnownFile; targets: { model: KnownModel; file: KnownFile }[] }>();
  for (const { model, missing } of lacks) {
    for (const file of missing) {
      const job = jobs.get(file.sha256) ?? { file, targets: [] };
      job.targets.push({ model, file });
      jobs.set(file.sha256, job);
    }
  }
  return [...jobs.values()];
}

/** Where a download that was killed may have left temporary names. */
function foldersOf({ model, missing, linked }: Lack, root: string): readonly string[] {
  const { source } = model.entry;
  if (source.type !== 'hub' || model.revision === null || missing.length + linked.length === 0) return [];
  return [blobsDir(root, source.repo), snapshotDir(root, source.repo, model.revision)];
}

/** Without what an earlier download left. */
async function bytesToCome(jobs: readonly Job[], root: string): Promise<number> {
  const parts = await Promise.all(
    jobs.map(async ({ file }) => {
      const part = await stat(join(incomingDir(root), `${file.sha256}.part`)).catch(() => undefined);
      return Math.max(0, file.bytes - (part?.size ?? 0));
    }),
  );
  return parts.reduce((sum, bytes) => sum + bytes, 0);
}

async function linkFiles(account: Account, { root, digests }: RunOptions): Promise<void> {
  const { model, linked } = account.lack;
  for (const { file, from, isForeign } of linked) {
    account.startedMs ||= performance.now();
    try {
      const path = await publishFile({ root, model, file, from, how: isForeign ? 'copy' : 'link' });
      digests?.learn(path, `sha256:${file.sha256}` as Digest);
      account.linkedBytes += file.bytes;
    } catch (error) {
      if (!isFailure(error)) throw error;
      account.failure ??= error;
    }
    account.endedMs = performance.now();
  }
}

interface JobOptions extends RunOptions {
  readonly accounts: ReadonlyMap<string, Account>;
  readonly connections: Connections;
  readonly meter: Meter;
  /** Repositories of which it was said that they have another name. */
  readonly told: Set<string>;
  /** Of small files. */
  readonly requests: PQueue;
}

/** Fetches one digest from the first of its models that gives it, and publishes it for all of them. */
async function runJob({ file, targets }: Job, options: JobOptions): Promise<void> {
  const { root, accounts, signal, digests } = options;
  const accountOf = ({ entry }: KnownModel): Account => accounts.get(entry.id) as Account;
  if (targets.every(({ model }) => accountOf(model).failure !== undefined)) return;
  const failures: Failure[] = [];
  for (const target of targets) {
    accountOf(target.model).startedMs ||= performance.now();
    try {
      const fetched = await fetchTarget(target, options);
      let from = fetched.path;
      const published: string[] = [];
      for (const [index, { model, file: wanted }] of targets.entries()) {
        from = await publishFile({ root, model, file: wanted, from, how: index === 0 ? 'move' : 'link' });
        published.push(from);
        if (index === 0) accountOf(model).fetchedBytes += fetched.receivedBytes;
        else accountOf(model).linkedBytes += file.bytes;
        accountOf(model).endedMs = performance.now();
      }
      await fetched.forget();
      // Only now: every further name of the bytes changes their ctime.
      for (const path of published) digests?.learn(path, `sha256:${file.sha256}` as Digest);
      return;
    } catch (error) {
      if (signal?.aborted) return;
      if (!isFailure(error)) throw error;
      failures.push(error);
    }
  }
  for (const [index, { model }] of targets.entries()) {
    const failure = failures[index] ?? failures[0];
    if (failure !== undefined) accountOf(model).failure ??= failure;
    accountOf(model).endedMs = performance.now();
  }
}

function fetchTarget(target: Job['targets'][number], options: JobOptions): Promise<FetchedFile> {
  const { root, connections, meter, told, requests, onMessage, signal, patience } = options;
  const { model, file } = target;
  const { id, source } = model.entry;
  if (source.type === 'local') {
    const why = `It was taken from the folder ${source.folder} of this machine and is no longer there as it was; no server has it.`;
    throw sourceFailure({ model, path: file.path, endpoint: `file://${source.folder}` }, why);
  }
  return fetchFile(target, {
    root,
    endpoints: connections.of(model),
    // Servers of url sources are nobody the token is for.
    token: source.type === 'hub' ? options.token : undefined,
    patience: { ...USUAL_PATIENCE, ...patience },
    signal,
    inTurn: (request) => (file.bytes >= LARGE_BYTES ? request() : requests.add(request)),
    onSize: (bytes) => meter.at(file.sha256, bytes, { model: id, path: file.path }),
    onAnswer({ hops }, endpoint) {
      if (source.type !== 'hub' || told.has(source.repo)) return;
      const name = renamedRepo(hops, endpoint.url, source.repo);
      if (name === undefined) return;
      told.add(source.repo);
      onMessage?.(renamed(source.repo, name));
    },
  });
}

async function close(account: Account, { root }: RunOptions): Promise<FetchOutcome> {
  const { lack, fetchedBytes, linkedBytes, startedMs, endedMs } = account;
  if (account.failure === undefined) {
    try {
      const isLocal = lack.missing.length + lack.linked.length > 0 || lack.isUnlisted;
      if (isLocal) await publishSnapshot({ root, model: lack.model });
    } catch (error) {
      if (!isFailure(error)) throw error;
      account.failure = error;
    }
  }
  const { failure } = account;
  const isTouched = lack.missing.length + lack.linked.length > 0;
  return {
    id: lack.model.entry.id,
    outcome: failure !== undefined ? 'failed' : isTouched ? 'fetched' : 'already',
    fetchedBytes,
    linkedBytes,
    seconds: Math.max(0, endedMs - startedMs) / 1000,
    ...(failure !== undefined && { failure }),
  };
}
