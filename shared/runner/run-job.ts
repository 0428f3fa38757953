import { join } from 'node:path';
import type { JobEvent } from '../contract/event.ts';
import { Failure, isFailure } from '../contract/failure.ts';
import type { Digest, EngineId } from '../contract/ids.ts';
import { JobManifest } from '../contract/job.ts';
import type { NetworkAttempt } from '../contract/offline.ts';
import type { StageRecord } from '../contract/record.ts';
import type { AnyStage } from '../contract/stage.ts';
import type { EngineStats } from '../engines/engine-stats.ts';
import { openExecutor } from '../engines/executor.ts';
import type { EngineEntry } from '../engines/registry.ts';
import type { Launch } from '../engines/worker-pool.ts';
import { acquireJobLease } from '../store/leases.ts';
import { openStore } from '../store/store.ts';
import { sweepFolders } from '../store/sweep.ts';
import type { Settings } from '../util/settings.ts';
import { checkFilm } from './check-film.ts';
import { deliverJob } from './deliver-job.ts';
import { inspectDeliverables } from './deliverables.ts';
import { openEventLog } from './event-log.ts';
import { withChanges } from './explain-job.ts';
import { favourMemory } from './favour-memory.ts';
import { eventsPath, planLightly } from './finished.ts';
import { readJobState } from './job-state.ts';
import type { PlannedStage } from './plan.ts';
import { prepareAgain } from './prepare-again.ts';
import { readManifest } from './read-manifest.ts';
import { objectPath, runStages } from './run-stages.ts';
import type { CodeDigests } from './stage-key.ts';

export interface MachineNeed {
  readonly engines: readonly EngineId[];
  readonly models: readonly string[];
  readonly onMessage: (text: string) => void;
  readonly signal: AbortSignal;
}

/** What the machine offers: environments, models and tools live in rooms the runner does not know. */
export interface RunMachine {
  /**
   * Makes or repairs the environments of these engines and verifies these models, before the first stage. Throws a Failure of class
   * environment, model or offline.
   */
  ensure(need: MachineNeed): Promise<void>;
  /** Identity of an engine's environment as it is now; null when it is not installed. */
  identityOf(engine: EngineId): Digest | null;
  /** Digest of a model as the registry knows it now; null while it is unlocked. */
  modelDigestOf(model: string): Digest | null;
  readonly launch: Launch;
  /** The kernel is to cut workers and ffmpeg from the network. */
  readonly denyNetwork: boolean;
  readonly ffmpeg: string;
  readonly ffprobe: string;
  /** Variables for ffmpeg and ffprobe. */
  readonly toolEnv: Readonly<Record<string, string>>;
  /** Tool -> version, as in a manifest's lock. */
  readonly toolVersions: Readonly<Record<string, string>>;
}

export interface RunOptions {
  readonly id: string;
  readonly app: string;
  readonly settings: Settings;
  readonly limits: { readonly cpus: number; readonly ramMiB: number };
  readonly code: CodeDigests;
  readonly stages: ReadonlyMap<string, AnyStage>;
  readonly engines: ReadonlyMap<EngineId, EngineEntry>;
  readonly machine: RunMachine;
  /** `all`, a stage or an instance. */
  readonly force?: string | undefined;
  readonly overwrite: boolean;
  readonly signal: AbortSignal;
  readonly onEvent: (event: JobEvent) => void;
  /** Called when everything is delivered and before the job counts as finished: a run that is killed in it is done over. */
  readonly onDelivered?: (result: RunResult) => Promise<void> | void;
}

export interface DeliveredResult {
  readonly to: string;
  readonly path: string;
  readonly bytes: number;
  readonly status: 'written' | 'unchanged' | 'kept';
}

export interface RunResult {
  readonly manifest: JobManifest;
  readonly records: ReadonlyMap<string, StageRecord>;
  /** Instances that were computed in this run; all others were hits. */
  readonly ran: readonly string[];
  readonly delivered: readonly DeliveredResult[];
  readonly engineStats: Readonly<Record<EngineId, EngineStats>>;
  readonly seconds: number;
  /** What engines wanted from a network and were refused. */
  readonly attempts: readonly NetworkAttempt[];
  /** How often this run started ffmpeg and ffprobe. */
  readonly toolCalls: { readonly ffmpeg: number; readonly ffprobe: number };
}

/**
 * Runs a job to its end, or goes on with it. What has a record is not computed again.
 * @throws Failure the first one of the run, after everything that could still be finished was finished or cancelled
 */
export async function runJob(options: RunOptions): Promise<RunResult> {
  const { id, settings, signal } = options;
  const { roots } = settings;
  favourMemory();
  const startedAt = performance.now();
  const manifest = JobManifest.parse(readManifest(roots.out, id));
  using store = openStore(roots);
  using _lease = acquireJobLease(store.state, manifest.id);
  const jobDir = join(roots.out, id);
  await store.sweep();
  await sweepFolders([jobDir]);
  using events = openEventLog(eventsPath(roots.out, id), id);
  events.subscribe(options.onEvent);

  try {
    const state = readJobState(roots.out, id);
    const missing = missingDeliverables(manifest, options);
    const { plan } = planLightly({ manifest, state, roots, code: options.code, missing, force: options.force });
    const todo = plan.filter((planned) => planned.state === 'run' || planned.state === 'pending');
    checkStages(manifest, todo, options);
    const media = await checkFilm({ manifest, state, digests: store.digests, needed: todo.length > 0, signal });
    const needed = [...new Set(todo.flatMap((planned) => Object.values(planned.stage.engines)))];
    await options.machine.ensure({
      engines: needed,
      models: [...new Set(needed.flatMap((engine) => manifest.lock.engines[engine]?.models ?? []))],
      onMessage: (message) => events.emit({ type: 'note', message }),
      signal,
    });
    const resolved = { ...state.resolved, ...checkLock(manifest, todo, options.machine) };

    events.emit({ type: 'run.start', runner: `pid ${process.pid}`, stages: todo.length });
    const scratchDir = store.makeScratch(id);
    const attempts: NetworkAttempt[] = [];
    const toolCalls = { ffmpeg: 0, ffprobe: 0 };
    await using executor = openExecutor({
      engines: options.engines,
      launch: options.machine.launch,
      memo: store.memo,
      resolve: (digest) => objectPath(digest, store),
      limits: options.limits,
      timeouts: settings.timeouts,
      scratchDir,
      logDir: join(jobDir, 'logs'),
      onEvent(event) {
        if (event.type === 'network.attempt') {
          const { type: _, ...attempt } = event;
          attempts.push(attempt);
        }
        events.emit(event);
      },
      denyNetwork: options.machine.denyNetwork,
    });
    const outcome = await runStages({
      ...options,
      manifest,
      plan: withChanges(plan, (instance) => state.stages[instance], store.readRecord),
      resolved,
      store,
      executor,
      events,
      scratchDir,
      toolCalls,
      firstRun: events.epoch === 1 && plan.every(({ state: planned }) => planned !== 'hit'),
    });
    const { failure } = outcome;
    // To copy films would keep a user waiting who wants it to stop.
    if (failure?.code === 'ERR_CANCELLED') throw failure;
    const delivery = await deliverJob({
      manifest,
      records: outcome.records,
      state,
      media,
      resolved,
      outDir: roots.out,
      store,
      overwrite: options.overwrite,
      emit: events.emit,
    });
    const seconds = (performance.now() - startedAt) / 1000;
    const { records, ran } = outcome;
    const result = {
      manifest,
      records,
      ran,
      delivered: delivery.results,
      engineStats: executor.stats(),
      seconds,
      attempts,
      toolCalls,
    };
    if (failure === undefined) await options.onDelivered?.(result);
    await delivery.commit();
    events.emit({
      type: 'run.end',
      outcome: failure === undefined ? 'done' : 'failed',
      seconds,
      ...(failure && { code: failure.code }),
    });
    if (failure !== undefined) throw withCommand(failure, manifest);
    return result;
  } catch (error) {
    if (isFailure(error) && error.code === 'ERR_CANCELLED') {
      events.emit({
        type: 'run.end',
        outcome: 'cancelled',
        seconds: (performance.now() - startedAt) / 1000,
        code: error.code,
      });
    }
    throw error;
  }
}

/** A stage cannot know the command that prepares its job again; here it can be said whole. */
const withCommand = (failure: Failure, manifest: JobManifest): Failure =>
  failure.code === 'ERR_MEDIA_TRUNCATED'
    ? failure.with({ fix: [prepareAgain(manifest, '--accept-damaged')] })
    : failure;

/** Deliverables that are not in place as they were delivered; what they are copied from has to be there. */
export function missingDeliverables(
  manifest: JobManifest,
  { settings, code }: Pick<RunOptions, 'settings' | 'code'>,
): readonly string[] {
  const state = readJobState(settings.roots.out, manifest.id);
  const { recordOf } = planLightly({ manifest, state, roots: settings.roots, code });
  return inspectDeliverables({ manifest, outDir: settings.roots.out, state, recordOf })
    .filter((deliverable) => deliverable.state !== 'ok')
    .map((deliverable) => deliverable.from);
}

function checkStages(manifest: JobManifest, todo: readonly PlannedStage[], options: RunOptions): void {
  for (const { stage } of todo) {
    const definition = options.stages.get(stage.stage);
    if (definition?.params.safeParse(stage.params).success === true) continue;
    throw new Failure('ERR_MANIFEST_INVALID', `Job ${options.id} was prepared by another version of babelreel.`, {
      why:
        definition === undefined
          ? `It has a stage ${stage.stage}, which is not here.`
          : `Stage ${stage.stage} takes other parameters now.`,
      safe: 'Finished work is kept: a new job for the same film finds what did not change by content.',
      fix: [prepareAgain(manifest)],
    });
  }
  if (
    options.force !== undefined &&
    options.force !== 'all' &&
    !todo.some(({ stage }) => stage.id === options.force || stage.stage === options.force)
  ) {
    throw new Failure('ERR_USAGE', `--force ${options.force}: the job has no such stage.`, {
      fix: [`./run-pipeline.sh -j ${options.id} --plan`],
    });
  }
}

/**
 * Compares the lock with the machine, only for stages that must run. Identities the manifest could not know are found here.
 * @throws Failure ERR_LOCK_MISMATCH
 */
function checkLock(
  manifest: JobManifest,
  todo: readonly PlannedStage[],
  machine: RunMachine,
): Readonly<Record<string, Digest>> {
  const found: Record<string, Digest> = {};
  const engines = new Set(todo.flatMap(({ stage }) => Object.values(stage.engines)));
  for (const id of new Set([...engines].flatMap((engine) => manifest.lock.engines[engine]?.models ?? []))) {
    const [locked, now] = [manifest.lock.models[id]?.digest ?? null, machine.modelDigestOf(id)];
    if (now === null) continue;
    if (locked === null) found[id] = now;
    else if (locked !== now)
      throw mismatch(manifest, `Model ${id}`, `Its digest was ${locked.slice(7, 15)}… and is now ${now.slice(7, 15)}…`);
  }
  for (const id of engines) {
    const now = machine.identityOf(id);
    const locked = manifest.lock.engines[id]?.environment ?? null;
    if (now === null) continue;
    if (locked === null) found[id] = now;
    else if (locked !== now)
      throw mismatch(
        manifest,
        `Engine ${id}`,
        `Its environment was ${locked.slice(7, 15)}… and is now ${now.slice(7, 15)}…`,
      );
  }
  for (const tool of new Set(todo.flatMap(({ stage }) => stage.tools))) {
    const [locked, now] = [manifest.lock.tools[tool], machine.toolVersions[tool]];
    if (locked !== now) throw mismatch(manifest, tool, `Its version was ${locked} and is now ${now}`);
  }
  return found;
}

const mismatch = (manifest: JobManifest, what: string, why: string): Failure =>
  new Failure('ERR_LOCK_MISMATCH', `${what} on this machine is not what the job was prepared with.`, {
    why: `${why}; results of the two must not be mixed.`,
    safe: 'Finished stages are kept: a new job for the same film finds every stage for which nothing changed.',
    fix: [prepareAgain(manifest)],
  });
