import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { JobEventBody, Reason } from '../contract/event.ts';
import { Failure, isFailure } from '../contract/failure.ts';
import type { Digest, Fingerprint, StageInstance } from '../contract/ids.ts';
import type { JobStage } from '../contract/job.ts';
import type { StageKey, StageRecord } from '../contract/record.ts';
import type { AnyStage } from '../contract/stage.ts';
import { createBusyClock } from './busy-clock.ts';
import { abortable } from './live-stream.ts';
import { createStageContext, type StageNotes, type StageServices } from './stage-context.ts';
import type { Opened, Producer } from './stage-inputs.ts';
import { openInputs } from './stage-inputs.ts';
import { fingerprintOfKey, isCacheable, producersOf } from './stage-key.ts';
import { openOutputs } from './stage-outputs.ts';

/** A stage ended because another one failed, or because the user stopped the run: not a failure of its own. */
export class CancelledBecause extends Error {
  readonly because: StageInstance | 'user';
  constructor(because: StageInstance | 'user') {
    super(`cancelled because of ${because}`);
    this.name = 'CancelledBecause';
    this.because = because;
  }
}

export interface StageRun extends Producer {
  readonly stage: JobStage;
  /** What it waits for right now, for the stall report; null while it works. */
  readonly waiting: () => string | null;
  readonly abort: AbortController;
}

export interface RunStageOptions {
  readonly stage: JobStage;
  readonly definition: AnyStage;
  readonly reason: Reason;
  readonly forced: boolean;
  readonly services: StageServices;
  readonly producer: (instance: StageInstance) => Producer;
  readonly keyOf: (
    stage: JobStage,
    recordOf: (instance: StageInstance) => StageRecord | undefined,
  ) => StageKey | undefined;
  readonly readRecord: (fingerprint: Fingerprint) => StageRecord | undefined;
  /** True when every object of the record is there. */
  readonly isComplete: (record: StageRecord) => boolean;
  readonly publish: (options: PublishOptions) => Promise<{ readonly record: StageRecord; readonly differs: boolean }>;
  readonly objectPath: (digest: Digest) => string;
  readonly scratchRoot: string;
  readonly abort: AbortController;
  readonly emit: (event: JobEventBody) => void;
}

export interface PublishOptions {
  readonly key: StageKey;
  readonly fingerprint: Fingerprint;
  readonly files: Readonly<Record<string, string>>;
  readonly refs: readonly Digest[];
  readonly notes: StageNotes;
  readonly seconds: number;
  readonly forced: boolean;
}

/**
 * Runs one stage: at once when all its input digests are known, else provisionally beside its producers. The record is published only
 * after every producer is finished, under the key of what was really read (docs/concepts.md).
 */
export function startStage(options: RunStageOptions): StageRun {
  const opened = Promise.withResolvers<Opened>();
  opened.promise.catch(() => {});
  let waiting: string | null = null;
  const finished = attempt(options, opened.resolve, (what) => {
    waiting = what;
  });
  finished.then(
    (record) => opened.resolve({ kind: 'finished', record }),
    (error) => opened.reject(error),
  );
  return { stage: options.stage, opened: opened.promise, finished, waiting: () => waiting, abort: options.abort };
}

async function attempt(
  options: RunStageOptions,
  open: (opened: Opened) => void,
  onWait: (what: string | null) => void,
): Promise<StageRecord> {
  const { stage, definition, abort, emit, services } = options;
  const { signal } = abort;
  const producers = producersOf(stage);
  const waitForAll = async (): Promise<ReadonlyMap<StageInstance, StageRecord>> => {
    onWait(producers.join(', '));
    const records = await abortable(
      Promise.all(producers.map((instance) => options.producer(instance).finished)),
      signal,
    );
    onWait(null);
    return new Map(producers.map((instance, index) => [instance, records[index] as StageRecord]));
  };
  const lookUp = (
    records: ReadonlyMap<StageInstance, StageRecord>,
  ): { key: StageKey; fingerprint: Fingerprint; record?: StageRecord } => {
    const key = options.keyOf(stage, (instance) => records.get(instance));
    if (key === undefined) throw new Error(`the key of ${stage.id} is not known although its producers are finished`);
    const fingerprint = fingerprintOfKey(key);
    const record = options.forced || !isCacheable(key) ? undefined : options.readRecord(fingerprint);
    return { key, fingerprint, ...(record !== undefined && options.isComplete(record) && { record }) };
  };

  const readsStreams = Object.values(definition.inputs).some((port) => port.kind === 'stream');
  const provisional = readsStreams && definition.whole !== true;
  if (!provisional) {
    const known = lookUp(await waitForAll());
    if (known.record !== undefined) {
      emit({ type: 'stage.hit', stage: stage.id, reason: { kind: 'hit' } });
      return known.record;
    }
  }

  const scratch = join(options.scratchRoot, stage.id);
  mkdirSync(scratch, { recursive: true, mode: 0o700 });
  const outputs = openOutputs(definition, scratch, stage.id);
  const notes: StageNotes = { warnings: [], figures: {}, engineCalls: {}, memoHits: 0 };
  try {
    const clock = createBusyClock();
    const inputs = await openInputs(stage, definition, {
      manifest: services.manifest,
      producer: options.producer,
      objectPath: options.objectPath,
      signal,
      onWait(what) {
        onWait(what);
        clock.waiting(what !== null);
      },
    });
    if (provisional && (await areFinished(producers.map((instance) => options.producer(instance).finished)))) {
      const known = lookUp(await waitForAll());
      if (known.record !== undefined) {
        outputs.finishUnused();
        emit({ type: 'stage.hit', stage: stage.id, reason: { kind: 'hit' } });
        return known.record;
      }
    }
    emit({ type: 'stage.start', stage: stage.id, reason: options.reason });
    open({ kind: 'live', streams: outputs.streams });
    const context = createStageContext({
      stage,
      definition,
      services,
      inputs,
      outputs: outputs.values,
      scratch,
      signal,
      notes,
      onProgress: throttleProgress(stage.id, emit),
      onWarning: (warning) =>
        emit({ type: 'stage.warning', stage: stage.id, code: warning.code, message: warning.message }),
      onTask: (event) => emit({ ...event, stage: stage.id }),
      during: clock.during,
    });
    await abortable(definition.run(context), signal);
    const files = outputs.finish();
    const seconds = clock.seconds();
    const records = await waitForAll();
    const { key, fingerprint, record: existing } = lookUp(records);
    const published =
      existing !== undefined
        ? { record: existing, differs: false }
        : await options.publish({
            key,
            fingerprint,
            files,
            refs: [...outputs.refs],
            notes,
            seconds,
            forced: options.forced,
          });
    if (published.differs) {
      emit({
        type: 'stage.warning',
        stage: stage.id,
        code: 'not-deterministic',
        message: 'The same inputs gave another output than before; the first one is kept.',
      });
    }
    const rederived = notes.memoHits > 0 && Object.keys(notes.engineCalls).length === 0;
    emit({ type: 'stage.done', stage: stage.id, seconds, provisional, rederived });
    return published.record;
  } catch (error) {
    const reason = signal.aborted ? signal.reason : error;
    outputs.fail(reason instanceof Error ? reason : new Error(String(reason)));
    throw isFailure(reason) ? reason.with({ stage: stage.id }) : reason;
  }
}

/** True when all of them are settled well already; does not wait. */
const areFinished = (promises: readonly Promise<unknown>[]): Promise<boolean> =>
  Promise.race([Promise.all(promises).then(() => true), new Promise<false>((resolve) => setImmediate(resolve, false))]);

/** At most four progress events a second and stage; the last one always gets through by `stage.done`. */
function throttleProgress(
  stage: StageInstance,
  emit: (event: JobEventBody) => void,
): (done: number, total: number | null) => void {
  let last = 0;
  return (done, total) => {
    const now = performance.now();
    if (now - last < 250) return;
    last = now;
    emit({ type: 'stage.progress', stage, done, total });
  };
}

/** Cancels everything that reads from a stage that failed, directly or not. */
export function cancelDescendants(failed: StageInstance, runs: ReadonlyMap<StageInstance, StageRun>): void {
  for (const run of runs.values()) {
    if (run.abort.signal.aborted || !producersOf(run.stage).includes(failed)) continue;
    run.abort.abort(new CancelledBecause(failed));
    cancelDescendants(run.stage.id, runs);
  }
}

/** A user's stop as the reason of an abort. */
export const stoppedByUser = (): Failure =>
  new Failure('ERR_CANCELLED', 'Stopped.', { safe: 'What is finished is kept; the same command goes on from here.' });
