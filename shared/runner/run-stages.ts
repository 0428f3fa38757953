import { AsyncLocalStorage } from 'node:async_hooks';
import { Failure, isFailure } from '../contract/failure.ts';
import type { Digest, EngineId, StageInstance } from '../contract/ids.ts';
import type { JobManifest, JobStage } from '../contract/job.ts';
import type { StageRecord } from '../contract/record.ts';
import type { LocalExecutor } from '../engines/executor.ts';
import { byContent } from '../engines/task-key.ts';
import { probeMedia } from '../media/probe-media.ts';
import { runFfmpeg } from '../media/run-ffmpeg.ts';
import type { Store } from '../store/store.ts';
import { fingerprintOf } from '../util/digest.ts';
import type { EventLog } from './event-log.ts';
import type { PlannedStage } from './plan.ts';
import type { RunOptions } from './run-job.ts';
import {
  CancelledBecause,
  cancelDescendants,
  type PublishOptions,
  type StageRun,
  startStage,
  stoppedByUser,
} from './run-stage.ts';
import type { StageServices } from './stage-context.ts';
import type { Producer } from './stage-inputs.ts';
import { stageKey } from './stage-key.ts';
import { watchStall } from './watch-stall.ts';

export interface RunStagesOptions extends RunOptions {
  readonly manifest: JobManifest;
  readonly plan: readonly PlannedStage[];
  readonly resolved: Readonly<Record<string, Digest>>;
  readonly store: Store;
  readonly executor: LocalExecutor;
  readonly events: EventLog;
  readonly scratchDir: string;
  /** Workers are started ahead only when nothing of this job can be in the task memo. */
  readonly firstRun: boolean;
  /** Counted up with every start of a tool. */
  readonly toolCalls: { ffmpeg: number; ffprobe: number };
}

export interface StagesOutcome {
  readonly records: ReadonlyMap<StageInstance, StageRecord>;
  readonly ran: readonly StageInstance[];
  readonly failure: Failure | undefined;
}

/** True inside the work of a step that holds a cpu slot: to ask for a second one could wait for ever on a full machine. */
const admitted = new AsyncLocalStorage<boolean>();

/** Starts every stage that must run, all at once, and waits for the last one. */
export async function runStages(options: RunStagesOptions): Promise<StagesOutcome> {
  const { manifest, plan, store, executor, events, signal } = options;
  const runs = new Map<StageInstance, StageRun>();
  const hits = new Map<StageInstance, StageRecord>();
  const todo: PlannedStage[] = [];
  for (const planned of plan) {
    if (planned.record !== undefined && planned.state === 'hit') {
      hits.set(planned.stage.id, planned.record);
      events.emit({ type: 'stage.hit', stage: planned.stage.id, reason: planned.reason });
    } else if (planned.state === 'run' || planned.state === 'pending') todo.push(planned);
  }

  const producer = (instance: StageInstance): Producer => {
    const record = hits.get(instance);
    if (record !== undefined)
      return { opened: Promise.resolve({ kind: 'finished', record }), finished: Promise.resolve(record) };
    const run = runs.get(instance);
    if (run === undefined) throw new Error(`stage ${instance} is neither finished nor running`);
    return run;
  };
  const keyContext = { manifest, code: options.code, resolved: options.resolved };
  if (options.firstRun) {
    for (const { stage } of todo) {
      for (const [need, id] of Object.entries(stage.engines)) executor.prewarm(prewarmTask(options, stage, need, id));
    }
  }

  // Stages whose record turned up late did not run.
  const ran: StageInstance[] = [];
  for (const planned of todo) {
    const { stage, reason } = planned;
    const definition = options.stages.get(stage.stage);
    if (definition === undefined) throw new Error(`no stage ${stage.stage}`);
    const abort = new AbortController();
    runs.set(
      stage.id,
      startStage({
        stage,
        definition,
        reason,
        forced: reason.kind === 'forced' || reason.kind === 'object-missing',
        services: stageServices(options, {
          code: options.code[stage.stage] ?? '',
          urgency: manifest.stages.indexOf(stage),
        }),
        producer,
        keyOf: (of, recordOf) => stageKey(of, keyContext, recordOf),
        readRecord: store.readRecord,
        isComplete: (record) => isComplete(record, store),
        publish: (publication) => publish(publication, options),
        objectPath: (digest) => objectPath(digest, store),
        scratchRoot: options.scratchDir,
        abort,
        emit(event) {
          if (event.type === 'stage.done') ran.push(event.stage);
          events.emit(event);
        },
      }),
    );
  }

  let failure: Failure | undefined;
  let bug: unknown;
  const onStop = (): void => {
    for (const run of runs.values()) run.abort.abort(stoppedByUser());
  };
  signal.addEventListener('abort', onStop, { once: true });
  if (signal.aborted) onStop();
  using _stall = watchStall({ runs, executor, events, seconds: options.settings.timeouts.stall });
  const records = new Map(hits);
  await Promise.all(
    [...runs].map(async ([instance, run]) => {
      try {
        records.set(instance, await run.finished);
      } catch (error) {
        if (error instanceof CancelledBecause) {
          events.emit({ type: 'stage.cancelled', stage: instance, because: error.because });
          return;
        }
        if (isFailure(error) && error.code === 'ERR_CANCELLED') {
          events.emit({ type: 'stage.cancelled', stage: instance, because: 'user' });
          // That it was this stage which heard of it first says nothing.
          failure ??= stoppedByUser();
          return;
        }
        cancelDescendants(instance, runs);
        const code = isFailure(error) ? error.code : 'ERR_INTERNAL';
        events.emit({
          type: 'stage.failed',
          stage: instance,
          code,
          message: error instanceof Error ? error.message : String(error),
        });
        if (isFailure(error)) failure ??= error;
        else bug ??= error;
      }
    }),
  );
  signal.removeEventListener('abort', onStop);
  if (bug !== undefined) throw bug;
  return { records, ran, failure };
}

/** What a worker has to be started for, before its first task is known. */
function prewarmTask(
  options: RunStagesOptions,
  stage: JobStage,
  need: string,
  id: EngineId,
): Parameters<LocalExecutor['prewarm']>[0] {
  const { manifest } = options;
  const locked = manifest.lock.engines[id];
  if (locked === undefined) throw new Error(`engine ${id} is not locked`);
  return {
    engine: { id, version: locked.version, environment: locked.environment ?? options.resolved[id] ?? null },
    models: lockedModels(manifest, id, options.resolved),
    params: stage.engineParams[need] ?? {},
    runtime: { threads: stage.runtime.threads, device: 'cpu' },
  };
}

/** The models of an engine with their digests; a run has found those the manifest did not know before its first stage. */
function lockedModels(
  manifest: JobManifest,
  engine: EngineId,
  resolved: Readonly<Record<string, Digest>>,
): readonly { readonly id: string; readonly digest: Digest }[] {
  return (manifest.lock.engines[engine]?.models ?? []).map((id) => {
    const digest = manifest.lock.models[id]?.digest ?? resolved[id];
    if (digest === undefined) throw new Error(`model ${id} of ${engine} is not locked`);
    return { id, digest };
  });
}

function stageServices(
  options: RunStagesOptions,
  { code, urgency }: { readonly code: string; readonly urgency: number },
): StageServices {
  const { manifest, executor, machine, scratchDir, store, toolCalls } = options;
  const admit: StageServices['tool'] = (need, work, signal) =>
    admitted.getStore() === true ? work(signal) : executor.tool({ ...need, urgency }, work, signal);
  return {
    manifest,
    modelsOf: (engine) => lockedModels(manifest, engine, options.resolved),
    environmentOf: (engine) => manifest.lock.engines[engine]?.environment ?? options.resolved[engine] ?? null,
    async submit(task, signal, onEvent) {
      const outcome = await executor.submit(task, { signal, onEvent, urgency });
      if (outcome.status === 'failed') throw outcome.failure;
      return outcome.reply;
    },
    async step({ op, cpu, request, reply, signal, work }) {
      const content = await byContent(request, executor.sliceDigest);
      const key = fingerprintOf({ v: 1, step: op, code, request: content });
      const answer = await executor.memoised({ key, cpu, urgency, reply, signal }, (tools) =>
        admitted.run(cpu > 0, () => work(tools)),
      );
      return answer.reply;
    },
    tool: admit,
    ffmpeg: (command, signal) =>
      admit(
        { cpu: command.cpu ?? 1 },
        (stop) => {
          toolCalls.ffmpeg += 1;
          return runFfmpeg(command, {
            ffmpeg: machine.ffmpeg,
            env: machine.toolEnv,
            cwd: command.cwd ?? scratchDir,
            signal: stop,
            denyNetwork: machine.denyNetwork,
          });
        },
        signal,
      ),
    probe: (path, signal) =>
      admit(
        { cpu: 1 },
        (stop) => {
          toolCalls.ffprobe += 1;
          return probeMedia(path, {
            ffprobe: machine.ffprobe,
            env: machine.toolEnv,
            signal: stop,
            denyNetwork: machine.denyNetwork,
          });
        },
        signal,
      ),
    open: (digest) => objectPath(digest, store),
  };
}

const isComplete = (record: StageRecord, store: Store): boolean =>
  Object.values(record.outputs).every(({ digest, bytes }) => store.objects.has(digest, bytes)) &&
  record.refs.every((digest) => store.resolve(digest) !== undefined);

/** @throws Failure ERR_STAGE_OUTPUT when it is gone */
export function objectPath(digest: Digest, store: Store): string {
  const path = store.resolve(digest);
  if (path === undefined) {
    throw new Failure('ERR_STAGE_OUTPUT', 'An object that a stage needs is not in the store.', {
      why: `${digest} was deleted while the job ran.`,
    });
  }
  return path;
}

async function publish(
  publication: PublishOptions,
  { store, app }: RunStagesOptions,
): Promise<{ record: StageRecord; differs: boolean }> {
  const { key, fingerprint, files, refs, notes, seconds, forced } = publication;
  return store.publish({
    record: {
      schema: 'record/1',
      fingerprint,
      key,
      warnings: notes.warnings,
      figures: notes.figures,
      engineCalls: notes.engineCalls,
      seconds: Math.round(seconds * 1000) / 1000,
      madeAt: new Date().toISOString(),
      app,
    },
    files,
    refs,
    force: forced,
  });
}
