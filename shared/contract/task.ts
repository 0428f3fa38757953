import type { Failure } from './failure.ts';
import type { Digest, EngineId } from './ids.ts';
import type { Role } from './roles/index.ts';

export interface EngineIdentity {
  readonly id: EngineId;
  readonly version: string;
  /** Identity of its environment; null when it is not known yet: such a task is never memoised. */
  readonly environment: Digest | null;
}

export interface ModelIdentity {
  readonly id: string;
  readonly digest: Digest;
}

/** One call from a stage to an engine: plain data and a pure function of it. */
export interface Task {
  readonly role: Role;
  readonly engine: EngineIdentity;
  readonly models: readonly ModelIdentity[];
  readonly op: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly request: unknown;
  /** Not in the key. */
  readonly runtime: TaskRuntime;
}

export interface TaskRuntime {
  /** Threads granted to a worker that lets itself be told. */
  readonly threads: number;
  readonly device: 'cpu' | 'cuda' | 'mps';
}

/** Counters a worker adds to its reply; they are summed per engine for reports and tests. */
export interface WorkerCounters {
  readonly loads: number;
  readonly calls: number;
  readonly cpuMs: number;
  readonly peakRssMiB: number;
}

export type TaskOutcome =
  | {
      readonly status: 'done';
      readonly reply: unknown;
      readonly from: 'memo' | 'engine';
      readonly objects: readonly Digest[];
    }
  | { readonly status: 'failed'; readonly failure: Failure };

export type TaskEvent =
  | {
      readonly type: 'task.queued' | 'task.start' | 'task.end' | 'task.memo';
      readonly engine: EngineId;
      readonly task: string;
    }
  | {
      readonly type: 'task.retry';
      readonly engine: EngineId;
      readonly task: string;
      readonly code: string;
      readonly attempt: number;
    };

export interface SubmitOptions {
  readonly signal: AbortSignal;
  readonly onEvent?: (event: TaskEvent) => void;
  /** Among tasks that could start, the more urgent one does: work of later stages, so that results leave the pipeline early. Default 0. */
  readonly urgency?: number;
}

/** The one boundary to where work is done. */
export interface Executor {
  submit(task: Task, options: SubmitOptions): Promise<TaskOutcome>;
}
