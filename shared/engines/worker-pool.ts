import { mkdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { JobEventBody } from '../contract/event.ts';
import type { WireModel } from '../contract/protocol.ts';
import type { ModelIdentity, Task, TaskRuntime } from '../contract/task.ts';
import { canonicalJson } from '../util/canonical-json.ts';
import type { Timeouts } from '../util/settings.ts';
import { cancelled } from './once.ts';
import type { EngineEntry } from './registry.ts';
import type { WorkerProcess } from './worker-process.ts';
import { startWorker } from './worker-process.ts';

/** What a worker is started for: engine, models, parameters and device. Tasks of one spec share a worker. */
export interface WorkerSpec {
  readonly key: string;
  readonly entry: EngineEntry;
  readonly models: readonly ModelIdentity[];
  readonly params: Readonly<Record<string, unknown>>;
  readonly runtime: TaskRuntime;
}

/** How a worker is started; made by the caller, who knows environments and models. */
export interface LaunchPlan {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly models: readonly WireModel[];
  /** The command that repairs what it runs in, for the message when it does not come up. */
  readonly repair?: string;
}

/** @param dir the worker's private folder: the only one it may write to, good for TMPDIR and HOME */
export type Launch = (spec: WorkerSpec, dir: string) => LaunchPlan | Promise<LaunchPlan>;

export interface PooledWorker {
  readonly process: WorkerProcess;
  /** The worker's own folder. */
  readonly dir: string;
  /** Folder inside it for result files. The same for all its runs: making one each time costs more than a small task. */
  readonly runDir: string;
}

export interface WorkerPool {
  has(key: string): boolean;
  /** A worker for this spec could only start after an idle one has left. */
  wouldEvict(spec: WorkerSpec): boolean;
  /** Hands over the spec's worker, started if need be; idle again afterwards. One use of a key at a time. Rejects with startWorker's. */
  use<T>(spec: WorkerSpec, work: (worker: PooledWorker) => Promise<T>): Promise<T>;
  /** Ends every worker, each within `timeouts.cancel`; one in use when its use is over. */
  close(): Promise<void>;
}

export interface WorkerPoolOptions {
  readonly ramMiB: number;
  readonly timeouts: Timeouts;
  readonly launch: Launch;
  readonly scratchDir: string;
  readonly logDir: string;
  readonly denyNetwork: boolean;
  readonly onEvent: (event: JobEventBody) => void;
  /** From its abort on no worker is started, and one that is starting is killed. */
  readonly signal?: AbortSignal;
}

interface Slot {
  readonly key: string;
  readonly ramMiB: number;
  worker: PooledWorker | undefined;
  busy: boolean;
  usedAt: number;
}

export function workerSpec(entry: EngineEntry, task: Pick<Task, 'models' | 'params' | 'runtime'>): WorkerSpec {
  const models = task.models.map(({ id, digest }) => ({ id, digest }));
  const { params, runtime } = task;
  return { key: canonicalJson({ engine: entry.id, models, params, runtime }), entry, models, params, runtime };
}

/** Live workers, one per spec. An idle one stays until its memory is needed; the least recently used leaves first. */
export function createWorkerPool(options: WorkerPoolOptions): WorkerPool {
  const slots = new Map<string, Slot>();
  let started = 0;
  let clock = 0;
  let closed = false;

  const held = (): number => [...slots.values()].reduce((sum, slot) => sum + slot.ramMiB, 0);
  const retire = async (slot: Slot): Promise<void> => {
    slots.delete(slot.key);
    const { worker } = slot;
    slot.worker = undefined;
    if (worker === undefined) return;
    await worker.process.stop();
    await rm(worker.dir, { recursive: true, force: true });
  };
  // Its memory is free when it is gone, not when it was told to go.
  const leaving = new Set<Promise<void>>();
  const evict = (slot: Slot): void => {
    const gone = retire(slot).finally(() => leaving.delete(gone));
    leaving.add(gone);
  };
  const makeRoom = async (ramMiB: number): Promise<void> => {
    const idle = [...slots.values()].filter((slot) => !slot.busy).sort((a, b) => a.usedAt - b.usedAt);
    let over = held() + ramMiB - options.ramMiB;
    for (const slot of idle) {
      if (over <= 0) break;
      over -= slot.ramMiB;
      evict(slot);
    }
    await Promise.all(leaving);
  };
  const start = async (spec: WorkerSpec, slot: Slot): Promise<PooledWorker> => {
    const { entry } = spec;
    if (options.signal?.aborted) throw cancelled();
    started += 1;
    const dir = join(options.scratchDir, `w-${started}`);
    const runDir = join(dir, 'run');
    mkdirSync(runDir, { recursive: true });
    mkdirSync(options.logDir, { recursive: true });
    let pid = 0;
    const plan = await options.launch(spec, dir);
    const worker = await startWorker({
      ...plan,
      engine: entry.id,
      params: spec.params,
      runtime: spec.runtime,
      timeouts: options.timeouts,
      ...(options.signal !== undefined && { signal: options.signal }),
      denyNetwork: options.denyNetwork && entry.definition.network === 'none',
      log: join(options.logDir, `${entry.id.replace('/', '-')}.log`),
      onAttempt: (attempt) => options.onEvent({ type: 'network.attempt', ...attempt }),
      onSpawn: (id) => {
        pid = id;
        options.onEvent({ type: 'worker.start', engine: entry.id, pid });
      },
    }).catch((error: unknown) => {
      if (pid !== 0) options.onEvent({ type: 'worker.end', engine: entry.id, pid });
      throw error;
    });
    options.onEvent({ type: 'worker.ready', engine: entry.id, pid, seconds: worker.startSeconds });
    void worker.ended.then(() => {
      options.onEvent({ type: 'worker.end', engine: entry.id, pid });
      if (slots.get(slot.key) === slot && !slot.busy) slots.delete(slot.key);
    });
    return { process: worker, dir, runDir };
  };
  return {
    has: (key) => slots.has(key),
    wouldEvict: (spec) =>
      !slots.has(spec.key) && held() + spec.entry.definition.resources.resident.ramMiB > options.ramMiB,
    async use(spec, work) {
      const { ramMiB } = spec.entry.definition.resources.resident;
      let slot = slots.get(spec.key);
      if (slot?.busy) throw new Error(`the worker of ${spec.entry.id} is in use`);
      if (slot?.worker?.process.alive === false) {
        await retireDead(slot);
        slot = undefined;
      }
      slot ??= { key: spec.key, ramMiB, worker: undefined, busy: true, usedAt: 0 };
      slot.busy = true;
      const room = slots.has(spec.key) ? undefined : makeRoom(ramMiB);
      slots.set(spec.key, slot);
      try {
        await room;
        slot.worker ??= await start(spec, slot);
        return await work(slot.worker);
      } finally {
        slot.busy = false;
        slot.usedAt = ++clock;
        if (slot.worker?.process.alive !== true) await retireDead(slot);
        else if (closed) await retire(slot);
      }
    },
    async close() {
      closed = true;
      await Promise.all([...leaving, ...[...slots.values()].filter(({ busy }) => !busy).map(retire)]);
    },
  };

  async function retireDead(slot: Slot): Promise<void> {
    slots.delete(slot.key);
    if (slot.worker === undefined) return;
    await slot.worker.process.ended;
    await rm(slot.worker.dir, { recursive: true, force: true });
  }
}
