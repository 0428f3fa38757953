import { type BigIntStats, statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { Digest } from '../../contract/ids.ts';
import { errorCode } from '../../store/disk-failure.ts';
import { type FileDigests, isSettled } from '../../store/file-digests.ts';
import { hashFile } from '../../store/hash-file.ts';
import { inParallel } from '../../store/in-parallel.ts';
import type { AuditOptions } from './audit-options.ts';
import type { HashAnswer } from './hash-thread.ts';

/** Below this a thread costs more than it saves. */
const SMALL_BYTES = 4 << 20;
/** Two keep two cores busy; more than four only make a disk seek. */
const MOST_THREADS = 4;

/** The digest of a file, or why it has none: a sentence. */
export type HashOutcome = { readonly digest: Digest } | { readonly why: string };

export interface Hashed {
  /** By path as asked. */
  readonly outcomes: ReadonlyMap<string, HashOutcome>;
  /** Bytes that were read for it. */
  readonly readBytes: number;
}

interface Job {
  readonly path: string;
  readonly stat: BigIntStats;
}

/**
 * sha256 of files, several at once, each in a thread of its own, so that two cores hash two files and the event loop stays free. What is
 * remembered is not read; what was read is remembered at once, so that an audit that was stopped goes on where it was. Names of one file are
 * read once. A file that cannot be read is an outcome, not an error. Throws the signal's reason.
 */
export async function hashFiles(
  paths: readonly string[],
  { digests, signal, onProgress }: Pick<AuditOptions, 'digests' | 'signal' | 'onProgress'>,
): Promise<Hashed> {
  const outcomes = new Map<string, HashOutcome>();
  const namesOf = new Map<string, string[]>();
  const jobs: Job[] = [];
  for (const path of paths) {
    try {
      const known = digests?.known(path);
      if (known !== undefined) {
        outcomes.set(path, { digest: known });
        continue;
      }
      const stat = statSync(path, { bigint: true });
      const names = namesOf.get(inodeOf(stat));
      if (names === undefined) jobs.push({ path, stat });
      namesOf.set(inodeOf(stat), [...(names ?? []), path]);
    } catch (error) {
      outcomes.set(path, unreadable(error));
    }
  }
  const meter = startMeter(jobs, onProgress);
  const large = jobs.filter(({ stat }) => stat.size >= SMALL_BYTES);
  const end = async (job: Job, work: () => Promise<HashOutcome>): Promise<void> => {
    const startedMs = Date.now();
    const outcome = await work();
    if ('digest' in outcome) remember(job, outcome.digest, startedMs, digests);
    for (const name of namesOf.get(inodeOf(job.stat)) ?? []) outcomes.set(name, outcome);
  };

  const threads: Worker[] = [];
  const idle: Worker[] = [];
  try {
    const width = Math.min(MOST_THREADS, Math.max(2, availableParallelism()));
    await inParallel(large, width, (job) =>
      end(job, async () => {
        signal?.throwIfAborted();
        const thread = idle.pop() ?? startThread(threads);
        const outcome = await askThread(thread, job.path, { signal, onBytes: (bytes) => meter.at(job.path, bytes) });
        idle.push(thread);
        return outcome;
      }),
    );
  } finally {
    await Promise.all(threads.map((thread) => thread.terminate()));
  }
  for (const job of jobs.filter(({ stat }) => stat.size < SMALL_BYTES)) {
    await end(job, async () => {
      signal?.throwIfAborted();
      try {
        const { digest, bytes } = await hashFile(job.path);
        meter.at(job.path, bytes);
        return { digest };
      } catch (error) {
        return unreadable(error);
      }
    });
  }
  return { outcomes, readBytes: meter.readBytes() };
}

const inodeOf = (stat: BigIntStats): string => `${stat.dev}:${stat.ino}`;

function unreadable(error: unknown): HashOutcome {
  if (errorCode(error) === '') throw error;
  return { why: `It cannot be read (${errorCode(error)}).` };
}

/** As FileDigests does it itself: only what did not change meanwhile, nor so shortly before that a change would leave no trace. */
function remember({ path, stat }: Job, digest: Digest, startedMs: number, digests: FileDigests | undefined): void {
  if (digests === undefined) return;
  digests.counts.hashedFiles += 1;
  digests.counts.hashedBytes += Number(stat.size);
  if (!isSettled({ mtimeMs: Number(stat.mtimeMs), ctimeMs: Number(stat.ctimeMs) }, startedMs)) return;
  const now = statSync(path, { bigint: true, throwIfNoEntry: false });
  const same =
    now !== undefined &&
    inodeOf(now) === inodeOf(stat) &&
    now.size === stat.size &&
    now.mtimeNs === stat.mtimeNs &&
    now.ctimeNs === stat.ctimeNs;
  if (same) digests.learn(path, digest);
}

function startMeter(
  jobs: readonly Job[],
  onProgress: AuditOptions['onProgress'],
): { at(path: string, bytes: number): void; readBytes(): number } {
  const totalBytes = jobs.reduce((sum, { stat }) => sum + Number(stat.size), 0);
  const read = new Map<string, number>();
  let doneBytes = 0;
  return {
    at(path, bytes) {
      doneBytes += bytes - (read.get(path) ?? 0);
      read.set(path, bytes);
      onProgress?.({ doneBytes, totalBytes, path });
    },
    readBytes: () => doneBytes,
  };
}

function startThread(threads: Worker[]): Worker {
  const thread = new Worker(new URL('./hash-thread.ts', import.meta.url));
  threads.push(thread);
  return thread;
}

interface Ask {
  readonly signal: AbortSignal | undefined;
  readonly onBytes: (bytes: number) => void;
}

function askThread(thread: Worker, path: string, { signal, onBytes }: Ask): Promise<HashOutcome> {
  return new Promise((resolve, reject) => {
    const leave = (): void => {
      thread.off('message', hear).off('error', fail);
      signal?.removeEventListener('abort', abort);
    };
    const hear = (answer: HashAnswer): void => {
      if ('error' in answer) {
        leave();
        if (answer.code === '') reject(new Error(answer.error));
        else resolve({ why: answer.code === 'EBUSY' ? answer.error : `It cannot be read (${answer.code}).` });
        return;
      }
      if (answer.digest !== undefined) {
        // Before it is told, since who is told may stop the audit, and this file is done.
        leave();
        resolve({ digest: `sha256:${answer.digest}` as Digest });
      }
      onBytes(answer.bytes);
    };
    const fail = (error: unknown): void => {
      leave();
      reject(error);
    };
    const abort = (): void => fail(signal?.reason);
    thread.on('message', hear).on('error', fail);
    signal?.addEventListener('abort', abort);
    thread.postMessage(path);
  });
}
