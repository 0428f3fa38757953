import type { FailureCode } from './failure.ts';
import type { StageInstance } from './ids.ts';
import type { NetworkAttempt } from './offline.ts';
import type { TaskEvent } from './task.ts';

/** Why a stage runs, is skipped or waits. */
export type Reason =
  | { readonly kind: 'hit' }
  | { readonly kind: 'no-record' }
  | { readonly kind: 'forced' }
  | { readonly kind: 'object-missing'; readonly port: string }
  /** Changed parts of the key against the job's last record of the stage: `params.beamSize: 5 -> 1`. */
  | { readonly kind: 'changed'; readonly changes: readonly string[] }
  | { readonly kind: 'pending'; readonly on: readonly StageInstance[] }
  | { readonly kind: 'not-needed' };

export type JobEventBody =
  | { readonly type: 'run.start'; readonly runner: string; readonly stages: number }
  | {
      readonly type: 'run.end';
      readonly outcome: 'done' | 'failed' | 'cancelled';
      readonly seconds: number;
      readonly code?: FailureCode;
    }
  | { readonly type: 'stage.hit' | 'stage.start'; readonly stage: StageInstance; readonly reason: Reason }
  | {
      readonly type: 'stage.progress';
      readonly stage: StageInstance;
      readonly done: number;
      readonly total: number | null;
    }
  | {
      readonly type: 'stage.done';
      readonly stage: StageInstance;
      readonly seconds: number;
      readonly provisional: boolean;
      readonly rederived: boolean;
    }
  | {
      readonly type: 'stage.failed';
      readonly stage: StageInstance;
      readonly code: FailureCode;
      readonly message: string;
    }
  | { readonly type: 'stage.cancelled'; readonly stage: StageInstance; readonly because: StageInstance | 'user' }
  | { readonly type: 'stage.warning'; readonly stage: StageInstance; readonly code: string; readonly message: string }
  | {
      readonly type: 'worker.start' | 'worker.ready' | 'worker.end';
      readonly engine: string;
      readonly pid: number;
      readonly seconds?: number;
    }
  | ({ readonly type: 'network.attempt' } & NetworkAttempt)
  | { readonly type: 'environment.make' | 'environment.ready'; readonly environment: string; readonly message: string }
  | { readonly type: 'deliver'; readonly to: string; readonly status: 'written' | 'kept' | 'unchanged' }
  | { readonly type: 'note'; readonly message: string }
  | (TaskEvent & { readonly stage: StageInstance });

/** One line of out/<id>/events.jsonl. `seq` grows over all runs of the job; `epoch` is the number of the run. */
export type JobEvent = JobEventBody & {
  readonly v: 1;
  readonly seq: number;
  readonly epoch: number;
  readonly at: string;
  readonly jobId: string;
};
