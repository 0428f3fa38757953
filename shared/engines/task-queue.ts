import { FAILURES, Failure, isFailure } from '../contract/failure.ts';
import type { Digest } from '../contract/ids.ts';
import { MAX_LINE_BYTES } from '../contract/protocol.ts';
import type { Task, TaskEvent } from '../contract/task.ts';
import type { TaskAnswer } from '../store/task-memo.ts';
import type { StatsBook } from './engine-stats.ts';
import type { QueueHooks } from './local-work.ts';
import type { Memo } from './once.ts';
import { cancelled } from './once.ts';
import type { Candidate } from './scheduler.ts';
import { emptyFolder, storeFiles, toWire } from './task-replies.ts';
import type { PooledWorker, WorkerPool, WorkerSpec } from './worker-pool.ts';

/** A request is sent at most this often: to three workers that died or went silent. */
const TRIES = 3;

export interface TaskQueueOptions extends QueueHooks {
  readonly pool: WorkerPool;
  readonly memo: Memo;
  readonly stats: StatsBook;
  /** Absolute path of an object. */
  readonly resolve: (digest: Digest) => string;
}

export interface QueuedCall {
  readonly task: Task;
  readonly spec: WorkerSpec;
  readonly signal: AbortSignal;
  readonly emit: (event: TaskEvent) => void;
  readonly urgency: number;
}

export interface TaskQueue {
  /** The engine's answer with its files stored; not checked against the role yet. Rejects with a Failure. */
  ask(call: QueuedCall): Promise<TaskAnswer>;
  /** Starts the worker when there is room that nobody else needs. */
  prewarm(spec: WorkerSpec): void;
  candidates(): readonly Candidate[];
}

interface Waiting extends QueuedCall {
  readonly name: string;
  readonly seq: number;
  /** Runs it was part of that ended without an answer for it. */
  tries: number;
  /** Not with others in one run, so that it is clear whose fault a failed run is. */
  alone: boolean;
  readonly resolve: (entry: TaskAnswer) => void;
  readonly reject: (error: unknown) => void;
}

interface Group {
  readonly spec: WorkerSpec;
  readonly queue: Waiting[];
  busy: boolean;
  wantedSince: number | undefined;
  failedStarts: number;
}

/** Tasks waiting for engines: one queue per worker spec, sent in batches of the engine's width, sent again when a worker dies. */
export function createTaskQueue(options: TaskQueueOptions): TaskQueue {
  const { pool, memo, stats, nextSeq, poke } = options;
  const groups = new Map<string, Group>();
  let runs = 0;

  const groupOf = (spec: WorkerSpec): Group => {
    const group = groups.get(spec.key) ?? { spec, queue: [], busy: false, wantedSince: undefined, failedStarts: 0 };
    groups.set(spec.key, group);
    return group;
  };
  const event = (waiting: Waiting, type: 'task.queued' | 'task.start' | 'task.end'): void =>
    waiting.emit({ type, engine: waiting.task.engine.id, task: waiting.name });

  const serve = async (group: Group): Promise<void> => {
    group.busy = true;
    group.wantedSince = undefined;
    try {
      await pool.use(group.spec, async (worker) => {
        group.failedStarts = 0;
        await runBatch(group, worker);
      });
    } catch (error) {
      startFailed(group, error);
    } finally {
      group.busy = false;
      if (group.queue.length === 0) groups.delete(group.spec.key);
    }
  };

  /** Everything that waits for this worker would meet the same end. */
  const startFailed = (group: Group, error: unknown): void => {
    group.failedStarts += 1;
    if (isTransient(error) && group.failedStarts < TRIES) {
      for (const waiting of group.queue) emitRetry(waiting, error, group.failedStarts + 1);
      return;
    }
    group.failedStarts = 0;
    for (const waiting of group.queue.splice(0)) waiting.reject(error);
  };

  const runBatch = async (group: Group, worker: PooledWorker): Promise<void> => {
    const batch = takeBatch(group);
    if (batch.length === 0) return;
    const asked = prepare(group, batch);
    if (asked.length === 0) return;
    const { entry } = group.spec;
    using stop = abortWhenAll(asked.map(({ waiting }) => waiting.signal));
    for (const { waiting } of asked) event(waiting, 'task.start');
    const end = await worker.process.run({
      id: `${++runs}`,
      op: (asked[0] as Prepared).waiting.task.op,
      requests: asked.map(({ request }) => request),
      dir: worker.runDir,
      signal: stop.signal,
    });
    if (end.counters !== undefined) stats.add(entry.id, end.counters);
    const dir = worker.runDir;
    await Promise.all(
      asked.map(async ({ waiting }, index) => {
        const answer = end.answers[index];
        if (answer?.ok) {
          const who = `The engine ${entry.id}`;
          await storeFiles(answer.value, answer.files, { dir, memo, who }).then(waiting.resolve, waiting.reject);
        } else if (answer !== undefined) {
          retryOrFail(group, waiting, answer.failure, answer.retryable);
        } else {
          unanswered(group, waiting, { failure: end.failure ?? cancelled(), company: asked.length > 1 });
        }
      }),
    );
    const mayHaveLeft = end.answers.some((answer) => !answer?.ok || Object.keys(answer.files).length > 0);
    if (mayHaveLeft) await emptyFolder(dir);
  };

  interface Prepared {
    readonly waiting: Waiting;
    readonly request: unknown;
  }

  /** Requests with paths in them; what cannot be sent fails here, what does not fit into one line goes back to the queue. */
  const prepare = (group: Group, batch: readonly Waiting[]): readonly Prepared[] => {
    const prepared: Prepared[] = [];
    // Room for the rest of the message.
    let left = MAX_LINE_BYTES - 4096;
    for (const waiting of batch) {
      try {
        const request = toWire(waiting.task.request, options.resolve);
        const bytes = Buffer.byteLength(JSON.stringify(request)) + 1;
        if (bytes <= left) {
          left -= bytes;
          prepared.push({ waiting, request });
        } else if (prepared.length > 0) {
          waiting.alone = true;
          group.queue.unshift(waiting);
        } else {
          throw new Failure('ERR_ENGINE_REFUSED', `A request to ${waiting.task.engine.id} is too large.`, {
            why: `It has ${bytes} bytes, a message at most ${MAX_LINE_BYTES}.`,
          });
        }
      } catch (error) {
        waiting.reject(error);
      }
    }
    return prepared;
  };

  const unanswered = (
    group: Group,
    waiting: Waiting,
    { failure, company }: { readonly failure: Failure; readonly company: boolean },
  ): void => {
    if (!company || waiting.signal.aborted) {
      retryOrFail(group, waiting, failure, isTransient(failure));
    } else {
      waiting.alone = true;
      again(group, waiting, failure);
    }
  };

  const retryOrFail = (group: Group, waiting: Waiting, failure: Failure, retry: boolean): void => {
    if (waiting.signal.aborted) waiting.reject(cancelled());
    else if (!retry) waiting.reject(failure);
    else if (waiting.tries + 1 < TRIES) again(group, waiting, failure);
    else waiting.reject(failure.code === 'ERR_WORKER_DIED' ? poisoned(waiting.task, failure) : failure);
  };

  const again = (group: Group, waiting: Waiting, failure: Failure): void => {
    waiting.tries += 1;
    emitRetry(waiting, failure, waiting.tries + 1);
    group.queue.push(waiting);
    group.queue.sort((a, b) => a.seq - b.seq);
  };

  return {
    async ask(call) {
      const { promise, resolve, reject } = Promise.withResolvers<TaskAnswer>();
      const group = groupOf(call.spec);
      const seq = nextSeq();
      const waiting: Waiting = { ...call, name: `t${seq}`, seq, tries: 0, alone: false, resolve, reject };
      const leave = (): void => {
        const at = group.queue.indexOf(waiting);
        if (at < 0) return;
        group.queue.splice(at, 1);
        reject(cancelled());
      };
      call.signal.addEventListener('abort', leave, { once: true });
      event(waiting, 'task.queued');
      group.queue.push(waiting);
      poke();
      try {
        return await promise;
      } finally {
        call.signal.removeEventListener('abort', leave);
        event(waiting, 'task.end');
      }
    },
    prewarm(spec) {
      if (pool.has(spec.key)) return;
      groupOf(spec).wantedSince ??= nextSeq();
      poke();
    },
    candidates: () =>
      [...groups.values()].flatMap((group): readonly Candidate[] => {
        if (group.busy) return [];
        const { spec, queue } = group;
        const { resources } = spec.entry.definition;
        const { ramMiB } = resources.resident;
        const evicts = pool.wouldEvict(spec);
        const start = (): Promise<void> => serve(group);
        const [first] = queue;
        if (first !== undefined) {
          const stalled = (): void => startFailed(group, stall(spec));
          return [
            {
              id: spec.key,
              cpu: resources.active.cpu,
              ramMiB,
              seq: first.seq,
              urgency: first.urgency,
              evicts,
              start,
              stalled,
            },
          ];
        }
        const isWanted = group.wantedSince !== undefined && !evicts && !pool.has(spec.key);
        return isWanted
          ? [{ id: spec.key, cpu: 0, ramMiB, seq: group.wantedSince as number, urgency: -1, evicts, start }]
          : [];
      }),
  };
}

function takeBatch(group: Group): readonly Waiting[] {
  const [first] = group.queue;
  if (first === undefined) return [];
  let count = 1;
  if (!first.alone) {
    const width = group.spec.entry.definition.batch;
    while (count < width && group.queue[count]?.alone === false && group.queue[count]?.task.op === first.task.op)
      count += 1;
  }
  return group.queue.splice(0, count);
}

const isTransient = (error: unknown): boolean => isFailure(error) && FAILURES[error.code].retry === 'transient';

const emitRetry = (waiting: Waiting, error: unknown, attempt: number): void => {
  const code = isFailure(error) ? error.code : 'ERR_INTERNAL';
  waiting.emit({ type: 'task.retry', engine: waiting.task.engine.id, task: waiting.name, code, attempt });
};

const stall = (spec: WorkerSpec): Failure =>
  new Failure('ERR_STALL', `A request to ${spec.entry.id} waits although nothing is running.`);

const poisoned = (task: Task, failure: Failure): Failure =>
  new Failure('ERR_WORKER_POISONED', `The same request ended the engine ${task.engine.id} ${TRIES} times.`, {
    ...failure.details,
    safe: 'Nothing is lost: all other answers are kept.',
    cause: failure,
  });

/** A signal that aborts once all of these have: a run with others in it goes on. */
function abortWhenAll(signals: readonly AbortSignal[]): Disposable & { readonly signal: AbortSignal } {
  const controller = new AbortController();
  const check = (): void => {
    if (signals.every((signal) => signal.aborted)) controller.abort();
  };
  for (const signal of signals) signal.addEventListener('abort', check);
  check();
  return {
    signal: controller.signal,
    [Symbol.dispose]() {
      for (const signal of signals) signal.removeEventListener('abort', check);
    },
  };
}
