import type { FailureCode } from '../contract/failure.ts';
import { FAILURES, Failure, isFailure } from '../contract/failure.ts';
import type { EngineId } from '../contract/ids.ts';
import type { NetworkAttempt } from '../contract/offline.ts';
import type { FromWorker, WireModel } from '../contract/protocol.ts';
import { PROTOCOL_VERSION } from '../contract/protocol.ts';
import type { TaskRuntime, WorkerCounters } from '../contract/task.ts';
import { ATTEMPTS_VARIABLE } from '../environment/variables.ts';
import { describeExit, lastWords } from '../process/exit-failure.ts';
import { spawnGroup } from '../process/spawn-group.ts';
import { withRoom } from '../store/disk-failure.ts';
import type { Timeouts } from '../util/settings.ts';
import { nameCulprit, openAttempts } from './network-attempts.ts';
import type { NamedLimit, WorkerChannel } from './worker-channel.ts';
import { openWorkerChannel } from './worker-channel.ts';

export interface WorkerStart {
  readonly engine: EngineId;
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly models: readonly WireModel[];
  readonly repair?: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly runtime: TaskRuntime;
  readonly timeouts: Timeouts;
  readonly denyNetwork: boolean;
  /** File that gets its stderr. */
  readonly log: string;
  readonly onSpawn?: (pid: number) => void;
  /** A try to use a network that its guard refused. */
  readonly onAttempt?: (attempt: NetworkAttempt) => void;
  /** Nobody needs it any more while it starts: it is killed. */
  readonly signal?: AbortSignal;
}

export interface WorkerRun {
  readonly id: string;
  readonly op: string;
  readonly requests: readonly unknown[];
  /** Existing folder for result files. */
  readonly dir: string;
  /** Asks the worker to end this run; it is killed when it does not within `timeouts.cancel`. */
  readonly signal: AbortSignal;
}

export type WorkerAnswer =
  | {
      readonly ok: true;
      readonly value: Readonly<Record<string, unknown>>;
      /** Reply field -> name of a file in the run's folder. */
      readonly files: Readonly<Record<string, string>>;
    }
  | { readonly ok: false; readonly failure: Failure; readonly retryable: boolean };

export interface WorkerRunEnd {
  /** One per request; undefined where the run ended before its answer. */
  readonly answers: readonly (WorkerAnswer | undefined)[];
  readonly counters: WorkerCounters | undefined;
  /** Why requests are unanswered. */
  readonly failure: Failure | undefined;
}

export interface WorkerProcess {
  readonly pid: number;
  /** From spawn to loaded. */
  readonly startSeconds: number;
  readonly rssMiB: number;
  readonly alive: boolean;
  /** Never rejects with a Failure: it is in the end. One run at a time. */
  run(run: WorkerRun): Promise<WorkerRunEnd>;
  /** Asks it to leave, then kills its group after `timeouts.cancel`; settles when it is gone. */
  stop(): Promise<void>;
  readonly ended: Promise<unknown>;
}

/**
 * Starts a worker, greets it and loads its models.
 * @throws Failure ERR_WORKER_START (does not come up or cannot load), ERR_WORKER_TIMEOUT (load), ERR_WORKER_DIED (during load),
 * ERR_ENGINE_REPLY (loaded something else), and what the worker or spawnGroup says
 */
export async function startWorker(start: WorkerStart): Promise<WorkerProcess> {
  const { engine, timeouts } = start;
  const started = performance.now();
  const log = openAttempts(engine, start.env[ATTEMPTS_VARIABLE]);
  const attempts = (): readonly NetworkAttempt[] => {
    const found = log.take();
    for (const attempt of found) start.onAttempt?.(attempt);
    return found;
  };
  const group = spawnGroup({
    argv: start.argv,
    cwd: start.cwd,
    env: start.env,
    stdin: 'pipe',
    stdout: 'pipe',
    stderrLog: start.log,
    denyNetwork: start.denyNetwork,
  });
  const giveUp = (): void => group.kill('kill');
  start.signal?.addEventListener('abort', giveUp, { once: true });
  if (start.signal?.aborted) giveUp();
  start.onSpawn?.(group.pid);
  const channel = openWorkerChannel(group, { engine, beat: limit(timeouts, 'workerBeat'), log: start.log });
  const ended = group.drained.then((exit) => {
    attempts();
    return exit;
  });
  try {
    await greet(channel, start).catch(async (error: unknown) => {
      const exit = await group.drained;
      throw notUp(start, `${why(error)} It ended with ${describeExit(exit)}. ${lastWords(group.stderrTail())}`, error);
    });
    const rssMiB = await load(channel, start);
    const startSeconds = (performance.now() - started) / 1000;
    return {
      pid: group.pid,
      startSeconds,
      rssMiB,
      get alive() {
        return channel.broken === undefined;
      },
      run: async (run) => explain(await runOn(channel, start, run), attempts()),
      ended,
      async stop() {
        channel.send({ type: 'shutdown' });
        group.stdin?.end();
        const timer = setTimeout(() => group.kill('kill'), timeouts.cancel * 1000);
        await ended;
        clearTimeout(timer);
      },
    };
  } catch (error) {
    const found = attempts();
    group.kill('kill');
    await ended;
    throw isFailure(error) ? nameCulprit(error, found) : error;
  } finally {
    start.signal?.removeEventListener('abort', giveUp);
  }
}

/** Whoever wanted a network and then failed is told by that. */
const explain = (end: WorkerRunEnd, attempts: readonly NetworkAttempt[]): WorkerRunEnd =>
  attempts.length === 0
    ? end
    : {
        ...end,
        answers: end.answers.map((answer) =>
          answer?.ok === false
            ? { ...answer, failure: nameCulprit(answer.failure, attempts), retryable: false }
            : answer,
        ),
        failure: end.failure === undefined ? undefined : nameCulprit(end.failure, attempts),
      };

const limit = (timeouts: Timeouts, name: keyof Timeouts): NamedLimit => ({
  seconds: timeouts[name],
  setting: `timeouts.${name}`,
});

const why = (error: unknown): string =>
  isFailure(error) ? `${error.message} ${error.details.why ?? ''}` : String(error);

const notUp = (start: WorkerStart, reason: string, cause?: unknown): Failure =>
  new Failure('ERR_WORKER_START', `The engine ${start.engine} did not come up.`, {
    why: reason,
    safe: 'Nothing is lost: what is finished is kept.',
    fix: [start.repair ?? './run-pipeline.sh --demo'],
    log: start.log,
    ...(cause === undefined ? {} : { cause }),
  });

const brokeProtocol = (start: WorkerStart, reason: string): Failure =>
  new Failure('ERR_ENGINE_REPLY', `The engine ${start.engine} broke the worker protocol.`, {
    why: reason,
    log: start.log,
  });

function greet(channel: WorkerChannel, start: WorkerStart): Promise<true> {
  return channel.exchange<true>(
    { type: 'hello', protocol: PROTOCOL_VERSION },
    {
      limit: limit(start.timeouts, 'workerHello'),
      take(message) {
        if (message.type === 'failed') return notUp(start, message.message);
        if (message.type !== 'ready') return brokeProtocol(start, `It said '${message.type}' instead of 'ready'.`);
        if (message.protocol !== PROTOCOL_VERSION) return notUp(start, `It speaks protocol ${message.protocol}.`);
        if (message.engine !== start.engine) return notUp(start, `Its worker says it is ${message.engine}.`);
        return { end: true };
      },
    },
  );
}

function load(channel: WorkerChannel, start: WorkerStart): Promise<number> {
  const { models, params, runtime } = start;
  const wanted = identity(models);
  return channel.exchange<number>(
    { type: 'load', models, params, device: runtime.device, threads: runtime.threads },
    {
      limit: limit(start.timeouts, 'workerLoad'),
      take(message) {
        if (message.type === 'failed') {
          const failure = failureOf(start, message);
          return failure.code === 'ERR_ENGINE_REFUSED' ? notUp(start, message.message) : failure;
        }
        if (message.type !== 'loaded') return brokeProtocol(start, `It said '${message.type}' instead of 'loaded'.`);
        const got = identity(message.models);
        return got === wanted
          ? { end: message.rssMiB }
          : brokeProtocol(start, `It loaded ${got || 'nothing'} instead of ${wanted || 'nothing'}.`);
      },
    },
  );
}

const identity = (models: readonly { readonly id: string; readonly digest: string }[]): string =>
  models.map(({ id, digest }) => `${id} ${digest}`).join(', ');

function failureOf(start: WorkerStart, message: FromWorker & { readonly type: 'failed' }): Failure {
  const known = Object.hasOwn(FAILURES, message.code);
  const code = known ? (message.code as FailureCode) : 'ERR_ENGINE_REFUSED';
  const text = known ? message.message : `${message.code}: ${message.message}`;
  const failure = new Failure(code, `The engine ${start.engine} could not answer.`, { why: text, log: start.log });
  return withRoom(failure, start.cwd);
}

async function runOn(channel: WorkerChannel, start: WorkerStart, run: WorkerRun): Promise<WorkerRunEnd> {
  const { id, op, requests, dir, signal } = run;
  const answers: (WorkerAnswer | undefined)[] = requests.map(() => undefined);
  let killer: NodeJS.Timeout | undefined;
  const cancel = (): void => {
    channel.send({ type: 'cancel', id });
    killer = setTimeout(
      () => channel.end(new Failure('ERR_CANCELLED', `The engine ${start.engine} was stopped.`)),
      start.timeouts.cancel * 1000,
    );
  };
  const put = (index: number, answer: WorkerAnswer): Failure | undefined => {
    if (index >= answers.length) return brokeProtocol(start, `It answered request ${index} of ${answers.length}.`);
    if (answers[index] !== undefined) return brokeProtocol(start, `It answered request ${index} twice.`);
    answers[index] = answer;
    return undefined;
  };
  const take = (message: FromWorker): { readonly end: WorkerRunEnd } | Failure | undefined => {
    if (!('id' in message) || message.id !== id)
      return brokeProtocol(
        start,
        message.type === 'failed' ? message.message : `It said '${message.type}' for another request.`,
      );
    switch (message.type) {
      case 'progress':
        return undefined;
      case 'result':
        return put(message.index, { ok: true, value: message.value, files: message.files ?? {} });
      case 'failed': {
        const failure = failureOf(start, message);
        if (message.index === undefined) return { end: { answers, counters: undefined, failure } };
        return put(message.index, { ok: false, failure, retryable: message.retryable });
      }
      case 'done': {
        const open = answers.filter((answer) => answer === undefined).length;
        const failure =
          open === 0 ? undefined : brokeProtocol(start, `It left ${open} of ${answers.length} requests unanswered.`);
        return { end: { answers, counters: message.counters, failure } };
      }
    }
  };
  signal.addEventListener('abort', cancel, { once: true });
  try {
    const asked = channel.exchange(
      { type: 'run', id, op, requests, dir },
      { limit: limit(start.timeouts, 'workerProgress'), take },
    );
    if (signal.aborted) cancel();
    return await asked;
  } catch (error) {
    if (!isFailure(error)) throw error;
    // Who breaks the protocol is not believed at all; who dies had answered in good faith before.
    const trusted = error.code === 'ERR_ENGINE_REPLY' ? answers.map(() => undefined) : answers;
    return { answers: trusted, counters: undefined, failure: error };
  } finally {
    signal.removeEventListener('abort', cancel);
    clearTimeout(killer);
  }
}
