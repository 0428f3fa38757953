import type { z } from 'zod';
import type { Role } from './roles/index.ts';

export interface Licence {
  /** SPDX identifier, or `unstated`. */
  readonly code: string;
  readonly weights: string;
  /** What --commercial goes by: `no` and `unstated` are refused. */
  readonly commercial: 'yes' | 'no' | 'unstated';
}

/** Languages an engine does, as BCP-47. Pairs are ordered: source, target. `any` is only for language-blind roles such as vad. */
export type EngineLanguages = 'any' | readonly string[] | readonly (readonly [string, string])[];

export interface Voice {
  readonly name: string;
  readonly language: string;
}

export interface EngineDefinition<P extends z.ZodType = z.ZodType> {
  readonly role: Role;
  readonly name: string;
  /** Part of every key. Raise it when the worker's answers change; a check compares the worker's files with the version. */
  readonly version: string;
  /** Lower is preferred among the engines of a role that can do the language and are ready. */
  readonly rank: number;
  readonly environment: string;
  /** python: `worker.py` by the environment's interpreter; node: `worker.ts` by the pinned Node; the environment may be `system` for either. */
  readonly worker: 'worker.py' | 'worker.ts';
  readonly languages: EngineLanguages;
  readonly params: P;
  /** Ids in config/models; a function because a parameter may choose the size. */
  models(params: z.output<P>): readonly string[];
  readonly resources: {
    /** Held by a live worker. Measured, see the engine's own comment. */
    readonly resident: { readonly ramMiB: number; readonly vramMiB: number };
    /** Held by a running task. */
    readonly active: { readonly cpu: number };
    /** `fixed`: uses as many threads as it likes, whatever it is granted. */
    readonly threads: 'fixed' | 'settable';
  };
  readonly determinism: 'exact' | 'batch-sensitive' | 'sampled';
  /** Requests a worker takes in one `run`. */
  readonly batch: number;
  readonly usesContext?: boolean;
  readonly voices?: readonly Voice[];
  readonly network: 'none' | 'declared-hosts';
  readonly licence: Licence;
  /** What it is worth, in plain words with figures where measured; printed in reports. */
  readonly worth: string;
  /** What it is known to get wrong. */
  readonly weakness: string;
}

export const defineEngine = <P extends z.ZodType>(definition: EngineDefinition<P>): EngineDefinition<P> => definition;
