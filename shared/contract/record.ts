import type { Digest, Fingerprint } from './ids.ts';
import type { Warning } from './stage.ts';

/** What a stage's key is made of; canonical JSON of it is hashed. Kept in the record so that `explain` can compare. */
export interface StageKey {
  readonly v: 1;
  readonly stage: string;
  /** Digest of the stage's import closure. */
  readonly code: string;
  readonly engines: Readonly<
    Record<string, { readonly id: string; readonly version: string; readonly environment: string | null }>
  >;
  readonly models: readonly { readonly id: string; readonly digest: string | null }[];
  readonly tools: Readonly<Record<string, string>>;
  readonly params: unknown;
  /** Port -> digest; a `files` port -> `<instance>=<digest>` in wiring order. */
  readonly inputs: Readonly<Record<string, string | readonly string[]>>;
}

export interface RecordedOutput {
  readonly digest: Digest;
  readonly bytes: number;
}

/** The record is the commit: a stage is done when, and only when, `records/ab/<fingerprint>.json` exists. */
export interface StageRecord {
  readonly schema: 'record/1';
  readonly fingerprint: Fingerprint;
  readonly key: StageKey;
  readonly outputs: Readonly<Record<string, RecordedOutput>>;
  /** Objects named inside stream outputs. */
  readonly refs: readonly Digest[];
  readonly warnings: readonly Warning[];
  readonly figures: Readonly<Record<string, number>>;
  /** Engine id -> counters summed over the run that made it. */
  readonly engineCalls: Readonly<Record<string, number>>;
  readonly seconds: number;
  readonly madeAt: string;
  readonly app: string;
  /** `reduced` when the file system could not fsync a directory or make a hard link. */
  readonly durability: 'full' | 'reduced';
}
