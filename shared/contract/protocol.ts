import type { WorkerCounters } from './task.ts';

/** Worker protocol, one JSON object a line, at most MAX_LINE_BYTES; anything larger goes by file (docs/concepts.md). */
export const PROTOCOL_VERSION = 1;
export const MAX_LINE_BYTES = 1 << 20;
/** A worker proves that its process lives. */
export const BEAT_SECONDS = 2;

/** How an AudioRef looks to a worker: a slice of a local file. */
export interface WireAudio {
  readonly path: string;
  readonly offsetBytes: number;
  readonly lengthBytes: number;
  readonly format: string;
}

export interface WireModel {
  readonly id: string;
  /** Folder that holds the model's files, absolute. */
  readonly path: string;
  readonly digest: string;
}

export type ToWorker =
  | { readonly type: 'hello'; readonly protocol: number }
  | {
      readonly type: 'load';
      readonly models: readonly WireModel[];
      readonly params: Readonly<Record<string, unknown>>;
      readonly device: string;
      readonly threads: number;
    }
  | {
      readonly type: 'run';
      readonly id: string;
      readonly op: string;
      readonly requests: readonly unknown[];
      /** Folder for result files, absolute; the worker writes nowhere else. */
      readonly dir: string;
    }
  | { readonly type: 'cancel'; readonly id: string }
  | { readonly type: 'shutdown' };

export type FromWorker =
  | {
      readonly type: 'ready';
      readonly protocol: number;
      readonly engine: string;
      readonly pid: number;
      readonly runtime: string;
    }
  | {
      readonly type: 'loaded';
      readonly models: readonly { readonly id: string; readonly digest: string }[];
      readonly seconds: number;
      readonly rssMiB: number;
    }
  | { readonly type: 'progress'; readonly id: string; readonly done: number; readonly total: number }
  | {
      readonly type: 'result';
      readonly id: string;
      readonly index: number;
      readonly value: Readonly<Record<string, unknown>>;
      /** Reply field -> name of a file in `dir`. */
      readonly files?: Readonly<Record<string, string>>;
    }
  | { readonly type: 'done'; readonly id: string; readonly counters: WorkerCounters }
  /** Without `id`: the load failed. Without `index`: the whole run failed. */
  | {
      readonly type: 'failed';
      readonly id?: string;
      readonly index?: number;
      readonly code: string;
      readonly retryable: boolean;
      readonly message: string;
    }
  | { readonly type: 'beat' };
