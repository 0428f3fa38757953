import type { ModelEntry } from '../../contract/model.ts';
import { isLocked, type ListedModel } from '../registry/open-registry.ts';
import type { PlanOptions } from './fetch-options.ts';
import { inspectStore, type Lack } from './inspect-store.ts';
import { createVerifier } from './verify-present.ts';

export interface PlannedFetch {
  readonly id: string;
  readonly source: ModelEntry['source']['type'];
  /** Sizes and digests are known; if not, they are learned first. */
  readonly locked: boolean;
  /** To be fetched; null while it is not locked. */
  readonly missingBytes: number | null;
  readonly missingFiles: number;
  /** Of all its files whose size is known, locked or not. */
  readonly knownBytes: number;
  /** That lie elsewhere in the store and are linked. */
  readonly linkedBytes: number;
  /** Of all its own files; null while it is not locked. */
  readonly totalBytes: number | null;
  readonly gate: { readonly acceptUrl: string } | null;
  readonly licence: ModelEntry['licence'];
  /** The environment that brings it; then nothing is fetched here. */
  readonly environment: string | null;
}

export interface FetchPlan {
  /** The models asked for with all they require, what is required first. */
  readonly models: readonly PlannedFetch[];
  /** Of the models that are locked; each digest once. */
  readonly missingBytes: number;
  readonly totalBytes: number;
  /** Models whose sizes nobody knows yet. */
  readonly unlocked: readonly string[];
}

/**
 * What would be fetched for these models: their closure without the files that are there with the right size and digest. Files that nobody
 * has hashed yet are hashed now. A file that two of the models lack counts for the first. Throws ERR_MODEL_UNKNOWN.
 */
export async function planFetch(ids: readonly string[], options: PlanOptions): Promise<FetchPlan> {
  const closure = options.registry.closure(ids);
  const lacks = await inspectStore(closure.filter(isLocked), options, createVerifier(options));
  const counted = new Set<string>();
  const models = closure.map((model) => planned(model, lacks.get(model.entry.id), counted));
  const sum = (pick: (model: PlannedFetch) => number | null): number =>
    models.reduce((total, model) => total + (pick(model) ?? 0), 0);
  return {
    models,
    missingBytes: sum(({ missingBytes }) => missingBytes),
    totalBytes: sum(({ totalBytes }) => totalBytes),
    unlocked: models.filter(({ locked }) => !locked).map(({ id }) => id),
  };
}

function planned({ entry, files }: ListedModel, lack: Lack | undefined, counted: Set<string>): PlannedFetch {
  const bytesOf = (all: readonly { readonly bytes: number }[]): number =>
    all.reduce((sum, { bytes }) => sum + bytes, 0);
  const missing = lack?.missing ?? [];
  const first = missing.filter(({ sha256 }) => !counted.has(sha256));
  for (const { sha256 } of missing) counted.add(sha256);
  return {
    id: entry.id,
    source: entry.source.type,
    locked: files !== undefined,
    missingBytes: lack === undefined ? null : bytesOf(first),
    missingFiles: lack === undefined ? entry.files.length : missing.length,
    knownBytes: (files ?? entry.files).reduce((sum, { bytes }) => sum + (bytes ?? 0), 0),
    linkedBytes: bytesOf(lack?.linked.map(({ file }) => file) ?? []) + bytesOf(missing) - bytesOf(first),
    totalBytes: files === undefined ? null : bytesOf(files),
    gate: entry.gate ?? null,
    licence: entry.licence,
    environment: entry.source.type === 'package' ? entry.source.environment : null,
  };
}
