import { isFailure } from '../../contract/failure.ts';
import { isLocked, type KnownModel, type ListedModel } from '../registry/open-registry.ts';
import type { FetchOptions, FetchOutcome } from './fetch-options.ts';
import { inspectStore, isComplete, type Lack } from './inspect-store.ts';
import { lockModel, waitingFor } from './lock-model.ts';
import { runFetch } from './run-fetch.ts';
import { withStoreLock } from './store-lock.ts';
import { createVerifier } from './verify-present.ts';

/**
 * Fetches what these models and all they require lack: resumable, verified by digest, one writer at a time. Unlocked models are locked first.
 * A model that fails stops no other: its outcome has the failure. Outcomes are in the order of the closure; models that come with an
 * environment are only among them when they were asked for. Nothing is written when everything is there.
 * @throws Failure what concerns all of them: ERR_MODEL_UNKNOWN, ERR_NOT_WRITABLE, ERR_DISK_FULL before the first byte, ERR_CANCELLED
 */
export async function fetchModels(ids: readonly string[], options: FetchOptions): Promise<readonly FetchOutcome[]> {
  const { registry, places, signal, onMessage } = options;
  const closure = registry
    .closure(ids)
    .filter(({ entry }) => entry.source.type !== 'package' || ids.includes(entry.id));
  const [root] = places.roots.models;
  if (root === undefined) throw new TypeError('there is no model root');
  const wanted = closure.filter(({ entry }) => entry.source.type !== 'package');
  const verifier = createVerifier(options);
  const before = await inspectStore(wanted.filter(isLocked), options, verifier);
  const outcomes = new Map<string, FetchOutcome>();
  if (!wanted.every(({ entry }) => isDone(before.get(entry.id)))) {
    const work = async (): Promise<void> => {
      const known = await lockAll(wanted, options, outcomes);
      // Whoever had the lock before may have brought what was missing.
      const lacks = await inspectStore(known, options, verifier);
      for (const outcome of await runFetch([...lacks.values()], { ...options, root }))
        outcomes.set(outcome.id, outcome);
    };
    try {
      await withStoreLock(root, { signal, onWait: (holder) => onMessage?.(waitingFor(holder)) }, work);
    } catch (error) {
      // A store that cannot be written, and lacks nothing but lists that only other programs read.
      const lacksFiles = !wanted.every(({ entry }) => hasAllFiles(before.get(entry.id)));
      if (lacksFiles || !isFailure(error) || error.code !== 'ERR_NOT_WRITABLE') throw error;
    }
  }
  return closure.map(({ entry }) => outcomes.get(entry.id) ?? untouched(entry.id, entry.source.type === 'package'));
}

const isDone = (lack: Lack | undefined): boolean => lack !== undefined && isComplete(lack);
const hasAllFiles = (lack: Lack | undefined): boolean =>
  lack !== undefined && lack.missing.length === 0 && lack.linked.length === 0;

const untouched = (id: string, isPackage: boolean): FetchOutcome => ({
  id,
  outcome: isPackage ? 'package' : 'already',
  fetchedBytes: 0,
  linkedBytes: 0,
  seconds: 0,
});

/** The models that can be fetched; one that cannot be locked has failed. */
async function lockAll(
  models: readonly ListedModel[],
  options: FetchOptions,
  outcomes: Map<string, FetchOutcome>,
): Promise<readonly KnownModel[]> {
  const known: KnownModel[] = [];
  for (const model of models) {
    const { id } = model.entry;
    const started = performance.now();
    try {
      known.push(isLocked(model) ? model : await lockModel(id, options));
    } catch (error) {
      if (!isFailure(error) || error.code === 'ERR_CANCELLED') throw error;
      outcomes.set(id, { ...untouched(id, false), outcome: 'failed', seconds: secondsSince(started), failure: error });
    }
  }
  return known;
}

const secondsSince = (started: number): number => (performance.now() - started) / 1000;
