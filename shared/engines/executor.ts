import { mkdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { JobEventBody } from '../contract/event.ts';
import { Failure, isFailure } from '../contract/failure.ts';
import type { Digest, EngineId, Fingerprint } from '../contract/ids.ts';
import { ROLES } from '../contract/roles/index.ts';
import type { StepResult } from '../contract/stage.ts';
import type { Executor, Task, TaskOutcome } from '../contract/task.ts';
import type { Limits, Timeouts } from '../util/settings.ts';
import { impossible, machineLimits } from './admission.ts';
import type { EngineStats } from './engine-stats.ts';
import { createStatsBook } from './engine-stats.ts';
import { createLocalWorkQueue, type LocalNeed } from './local-work.ts';
import type { Memo, OnceAnswer } from './once.ts';
import { cancelled, createOnce } from './once.ts';
import type { EngineEntry } from './registry.ts';
import { createScheduler } from './scheduler.ts';
import type { SliceDigest } from './slice-digests.ts';
import { createSliceDigests } from './slice-digests.ts';
import { taskKey } from './task-key.ts';
import { createTaskQueue } from './task-queue.ts';
import { replyParser, storeFiles, temporaryFolder } from './task-replies.ts';
import type { Launch } from './worker-pool.ts';
import { createWorkerPool, workerSpec } from './worker-pool.ts';

export interface ExecutorOptions {
  readonly engines: ReadonlyMap<EngineId, EngineEntry>;
  readonly launch: Launch;
  readonly memo: Memo;
  /** Absolute path of an object named in a request; the memo's own objects are the caller's to include. */
  readonly resolve: (digest: Digest) => string;
  readonly limits: Limits;
  readonly timeouts: Timeouts;
  /** Private to this executor; each worker gets a folder in it. */
  readonly scratchDir: string;
  /** Gets one log per engine: what its workers wrote to stderr. */
  readonly logDir: string;
  /** Starts and ends of workers. */
  readonly onEvent?: (event: JobEventBody) => void;
  /** Cut workers from the network in the kernel, except engines that declare hosts. */
  readonly denyNetwork?: boolean;
}

export interface MemoisedCall {
  /** Null: never remembered. */
  readonly key: Fingerprint | null;
  readonly cpu: number;
  readonly urgency?: number;
  /** Shape of the reply; a remembered one that does not parse is made again. */
  readonly reply: { parse(value: unknown): unknown };
  readonly signal: AbortSignal;
}

export interface LocalExecutor extends Executor, AsyncDisposable {
  /** Starts the worker of coming tasks as soon as there is room to spare. Says nothing when it fails: the first task will. */
  prewarm(task: Pick<Task, 'engine' | 'models' | 'params' | 'runtime'>): void;
  /** Local work with the same admission as tasks. Rejects with ERR_CANCELLED, ERR_IMPOSSIBLE or what `work` throws. */
  tool<T>(need: LocalNeed, work: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T>;
  /** Local work that is remembered by key; its files become ObjectRefs in the reply. Rejects like `tool`. */
  memoised(
    call: MemoisedCall,
    work: (tools: { readonly dir: string; readonly signal: AbortSignal }) => Promise<StepResult>,
  ): Promise<OnceAnswer>;
  /** Digests of slices, remembered; for keys of steps. */
  readonly sliceDigest: SliceDigest;
  stats(): Readonly<Record<EngineId, EngineStats>>;
  /** Nothing runs and nothing waits. */
  idle(): boolean;
  /** Stops everything under way (ERR_CANCELLED) and ends the workers, each within `timeouts.cancel`. */
  close(): Promise<void>;
}

/** The executor of this machine: memo, batches, admission, warm workers. */
export function openExecutor(options: ExecutorOptions): LocalExecutor {
  const { engines, memo, resolve, timeouts, scratchDir } = options;
  const total = machineLimits(options.limits);
  const stats = createStatsBook();
  const closing = new AbortController();
  const once = createOnce(memo);
  const sliceDigest = createSliceDigests(resolve);
  let seq = 0;
  let underWay = 0;
  const hooks = { total, nextSeq: () => ++seq, poke: () => scheduler.poke() };
  const pool = createWorkerPool({
    ramMiB: total.ramMiB,
    timeouts,
    launch: options.launch,
    scratchDir,
    logDir: options.logDir,
    denyNetwork: options.denyNetwork ?? false,
    signal: closing.signal,
    onEvent(event) {
      if (event.type === 'worker.start') stats.count(event.engine, 'starts');
      options.onEvent?.(event);
    },
  });
  const tasks = createTaskQueue({ ...hooks, pool, memo, stats, resolve });
  const local = createLocalWorkQueue(hooks);
  const scheduler = createScheduler(total, () => [...local.candidates(), ...tasks.candidates()]);
  mkdirSync(scratchDir, { recursive: true });

  const entryOf = (id: EngineId): EngineEntry => {
    const entry = engines.get(id);
    if (entry === undefined)
      throw new Failure('ERR_ENGINE_UNKNOWN', `There is no engine ${id}.`, { fix: ['./babelreel.sh engines'] });
    return entry;
  };
  /** Counts the call, and joins the caller's signal with the end of the executor. */
  const during = async <T>(signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T> => {
    if (closing.signal.aborted || signal.aborted) throw cancelled();
    underWay += 1;
    try {
      return await work(AbortSignal.any([signal, closing.signal]));
    } finally {
      underWay -= 1;
    }
  };

  const submit: Executor['submit'] = async (task, { signal, onEvent, urgency = 0 }) => {
    const emit = onEvent ?? (() => undefined);
    const outcome = async (merged: AbortSignal): Promise<TaskOutcome> => {
      const entry = entryOf(task.engine.id);
      const { resident, active } = entry.definition.resources;
      const refusal = impossible(`The engine ${entry.id}`, { cpu: active.cpu, ramMiB: resident.ramMiB }, total);
      if (refusal !== undefined) throw refusal;
      const key = await taskKey(task, sliceDigest);
      const answer = await once({
        key,
        origin: { role: task.role, engine: entry.id },
        signal: merged,
        parse: replyParser(ROLES[task.role].reply, `The engine ${entry.id}`),
        work: (workSignal) => tasks.ask({ task, spec: workerSpec(entry, task), signal: workSignal, emit, urgency }),
      });
      if (answer.from === 'memo') {
        stats.count(entry.id, 'memoHits');
        emit({ type: 'task.memo', engine: entry.id, task: key ?? '' });
      }
      return {
        status: 'done',
        reply: answer.reply,
        from: answer.from,
        objects: answer.objects.map(({ digest }) => digest),
      };
    };
    try {
      return await during(signal, outcome);
    } catch (error) {
      if (isFailure(error)) return { status: 'failed', failure: error };
      throw error;
    }
  };

  const executor: LocalExecutor = {
    submit,
    sliceDigest,
    prewarm(task) {
      const entry = engines.get(task.engine.id);
      if (entry === undefined || closing.signal.aborted) return;
      const { ramMiB } = entry.definition.resources.resident;
      if (impossible(entry.id, { cpu: 1, ramMiB }, total) === undefined) tasks.prewarm(workerSpec(entry, task));
    },
    tool: (need, work, signal) => during(signal, (merged) => local.run(need, work, merged)),
    memoised: ({ key, cpu, urgency, reply, signal }, work) =>
      during(signal, (merged) =>
        once({
          key,
          origin: { role: 'step', engine: '' },
          signal: merged,
          parse: (value) => reply.parse(value),
          work: (workSignal) =>
            local.run(
              { cpu, urgency },
              async (toolSignal) => {
                await using folder = temporaryFolder(join(scratchDir, `s-${hooks.nextSeq()}`));
                const { value, files } = await work({ dir: folder.path, signal: toolSignal });
                return await storeStepFiles(value, files ?? {}, folder.path);
              },
              workSignal,
            ),
        }),
      ),
    stats: stats.read,
    idle: () => underWay === 0 && scheduler.running === 0,
    async close() {
      closing.abort();
      // Side by side: what does not listen has `timeouts.cancel` once, not once here and once there.
      await Promise.all([scheduler.settled(), pool.close()]);
      await rm(scratchDir, { recursive: true, force: true });
    },
    [Symbol.asyncDispose]: () => executor.close(),
  };
  return executor;

  function storeStepFiles(value: StepResult['value'], files: Readonly<Record<string, string>>, dir: string) {
    // A step names its files by absolute path, a worker by name.
    const names = Object.entries(files).map(([field, path]) => [
      field,
      path.startsWith(`${dir}/`) ? path.slice(dir.length + 1) : path,
    ]);
    return storeFiles(value, Object.fromEntries(names), { dir, memo, who: 'A step' });
  }
}
