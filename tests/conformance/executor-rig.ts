import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import type { EngineDefinition } from '../../shared/contract/engine.ts';
import type { JobEventBody } from '../../shared/contract/event.ts';
import type { Digest } from '../../shared/contract/ids.ts';
import type { Task, TaskEvent, TaskOutcome } from '../../shared/contract/task.ts';
import type { LocalExecutor } from '../../shared/engines/executor.ts';
import { openExecutor } from '../../shared/engines/executor.ts';
import type { EngineEntry } from '../../shared/engines/registry.ts';
import { openTaskMemo } from '../../shared/store/task-memo.ts';
import type { Timeouts } from '../../shared/util/settings.ts';

const path = (name: string): string => fileURLToPath(new URL(`../../${name}`, import.meta.url));

/** Long enough for a busy machine, short enough for a test. */
const TIMEOUTS: Timeouts = {
  workerHello: 20,
  workerLoad: 20,
  workerBeat: 20,
  workerProgress: 20,
  cancel: 1,
  stall: 20,
};

export interface FakeEngine {
  readonly id: string;
  readonly cpu?: number;
  readonly ramMiB?: number;
  readonly batch?: number;
  readonly worker?: 'worker.py' | 'worker.ts';
  /** Its function takes a whole batch at once, so that calls count batches. */
  readonly forward?: boolean;
  /** Its interpreter does not find a module. */
  readonly broken?: boolean;
}

export interface Rig extends AsyncDisposable {
  readonly executor: LocalExecutor;
  readonly dir: string;
  readonly events: readonly JobEventBody[];
  readonly taskEvents: readonly TaskEvent[];
  /** A translate or synthesize task whose text tells the fake worker what to do. */
  task(text: string, changes?: Partial<Task>): Task;
  ask(text: string, changes?: Partial<Task>, signal?: AbortSignal): Promise<TaskOutcome>;
  /** Settles when this many tasks have reached a worker. */
  reached(count: number): Promise<void>;
  /** Opens another executor over the same memo. */
  reopen(): Promise<LocalExecutor>;
}

export interface RigOptions {
  readonly engines?: readonly FakeEngine[];
  readonly timeouts?: Partial<Timeouts>;
  readonly cpus?: number;
  readonly ramMiB?: number;
}

function entryOf({ id, cpu = 1, ramMiB = 10, batch = 1, worker = 'worker.py' }: FakeEngine): EngineEntry {
  const [role, name] = id.split('/') as ['translate' | 'synthesize', string];
  const definition: EngineDefinition = {
    role,
    name,
    version: '1',
    rank: 1,
    environment: 'none',
    worker,
    languages: 'any',
    params: z.object({}),
    models: () => [],
    resources: { resident: { ramMiB, vramMiB: 0 }, active: { cpu }, threads: 'fixed' },
    determinism: 'exact',
    batch,
    network: 'none',
    licence: { code: 'MIT', weights: 'MIT', commercial: 'yes' },
    worth: 'none',
    weakness: 'none',
  };
  const file = worker === 'worker.py' ? 'fake.py' : 'fake.ts';
  return { id, definition, dir: path('tests/fixtures/workers'), workerPath: path(`tests/fixtures/workers/${file}`) };
}

/** An executor over real worker processes of the fake engines, with a task memo in a folder of its own. */
export function openRig({
  engines = [{ id: 'translate/fake' }],
  timeouts = {},
  cpus = 2,
  ramMiB = 1000,
}: RigOptions = {}): Rig {
  const dir = mkdtempSync(join(tmpdir(), 'babelreel-executor-'));
  const memo = openTaskMemo(join(dir, 'memo'));
  const events: JobEventBody[] = [];
  const taskEvents: TaskEvent[] = [];
  let opened = 0;
  const open = (): LocalExecutor =>
    openExecutor({
      engines: new Map(engines.map((engine) => [engine.id, entryOf(engine)])),
      launch({ entry, models }, scratch) {
        const { forward, broken } = engines.find(({ id }) => id === entry.id) as FakeEngine;
        const python = broken ? ['python3', '-c', 'import nothing_here'] : ['python3', '-s', '-B', entry.workerPath];
        return {
          argv: entry.workerPath.endsWith('.ts') ? [process.execPath, entry.workerPath] : python,
          env: {
            PATH: '/usr/bin:/bin',
            PYTHONPATH: path('shared/worker'),
            FAKE_ENGINE: entry.id,
            HOME: scratch,
            ...(forward ? { FAKE_FORWARD: '1' } : {}),
          },
          cwd: scratch,
          models: models.map(({ id, digest }) => ({ id, digest, path: '/' })),
        };
      },
      memo,
      resolve: (digest: Digest) => memo.objectPath(digest),
      limits: { cpus, ramMiB },
      timeouts: { ...TIMEOUTS, ...timeouts },
      scratchDir: join(dir, `scratch-${++opened}`),
      logDir: join(dir, 'logs'),
      onEvent: (event) => events.push(event),
    });
  let executor = open();
  const task: Rig['task'] = (text, changes = {}) => {
    const id = changes.engine?.id ?? engines[0]?.id ?? '';
    const role = id.split('/')[0] as 'translate' | 'synthesize';
    return {
      role,
      engine: { id, version: '1', environment: `sha256:${'e'.repeat(64)}` as Digest },
      models: [],
      op: role === 'translate' ? 'translate' : 'speak',
      params: {},
      request: role === 'translate' ? { text, source: 'en', target: 'es' } : { text, language: 'en', rate: 1 },
      runtime: { threads: 1, device: 'cpu' },
      ...changes,
    };
  };
  return {
    get executor() {
      return executor;
    },
    dir,
    events,
    taskEvents,
    task,
    ask: (text, changes, signal = new AbortController().signal) =>
      executor.submit(task(text, changes), { signal, onEvent: (event) => taskEvents.push(event) }),
    async reached(count) {
      while (taskEvents.filter(({ type }) => type === 'task.start').length < count) await sleep(5);
    },
    async reopen() {
      await executor.close();
      executor = open();
      return executor;
    },
    async [Symbol.asyncDispose]() {
      await executor.close();
      memo.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** The reply of an outcome that must be done. */
export function replyOf(outcome: TaskOutcome): Readonly<Record<string, unknown>> {
  if (outcome.status === 'failed') throw outcome.failure;
  return outcome.reply as Readonly<Record<string, unknown>>;
}

/** The code of an outcome that must have failed. */
export const codeOf = (outcome: TaskOutcome): string => (outcome.status === 'failed' ? outcome.failure.code : 'done');

/** Another engine of the same rig. */
export const by = (id: string): Partial<Task> => ({
  engine: { id, version: '1', environment: `sha256:${'e'.repeat(64)}` as Digest },
});

/** True while the process is there and no zombie. */
export const isAlive = (pid: number): boolean => {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
};

/** Every worker the rig has started. */
export const pidsOf = (rig: { readonly events: readonly { readonly type: string }[] }): readonly number[] =>
  rig.events.flatMap((event) => (event.type === 'worker.start' ? [(event as { pid?: number }).pid ?? 0] : []));
