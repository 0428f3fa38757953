import { Failure } from '../contract/failure.ts';
import type { FromWorker, ToWorker } from '../contract/protocol.ts';
import { MAX_LINE_BYTES } from '../contract/protocol.ts';
import { splitProtocolLines } from '../contract/protocol-lines.ts';
import type { ChildGroup } from '../process/child-group.ts';
import { describeExit, lastWords, resourceFailure } from '../process/exit-failure.ts';
import { parseWorkerMessage } from './worker-message.ts';

/** A limit in seconds and the setting it comes from, for the message. */
export interface NamedLimit {
  readonly seconds: number;
  readonly setting: string;
}

export interface Exchange<T> {
  /** Longest time without a message other than a beat. */
  readonly limit: NamedLimit;
  /** Undefined: more is to come. A Failure: the worker broke the protocol and is killed. */
  readonly take: (message: FromWorker) => { readonly end: T } | Failure | undefined;
}

export interface WorkerChannel {
  /** Sends a message and waits for what it brings. Rejects with a Failure after which the worker is gone. One at a time. */
  exchange<T>(message: ToWorker, exchange: Exchange<T>): Promise<T>;
  send(message: ToWorker): void;
  /** Kills the group; a pending exchange rejects with this. */
  end(failure: Failure): void;
  /** Why it can no longer be used. */
  readonly broken: Failure | undefined;
}

/** How long a worker may live on after closing its output. */
const CLOSED_MS = 500;

interface Pending {
  readonly take: (message: FromWorker) => { readonly end: unknown } | Failure | undefined;
  readonly limit: NamedLimit;
  readonly resolve: (value: unknown) => void;
  readonly reject: (failure: Failure) => void;
}

/** The conversation with one worker: framing, beats, limits, and what its end means. */
export function openWorkerChannel(
  group: ChildGroup,
  options: { readonly engine: string; readonly beat: NamedLimit; readonly log?: string },
): WorkerChannel {
  const { engine } = options;
  const details = options.log === undefined ? {} : { log: options.log };
  let pending: Pending | undefined;
  let broken: Failure | undefined;
  let heardAt = performance.now();
  let movedAt = heardAt;
  // A worker beats from its greeting on; before, it may be busy importing.
  let greeted = false;

  const end = (failure: Failure): void => {
    broken ??= failure;
    clearInterval(ticker);
    group.kill('kill');
    const waiting = pending;
    pending = undefined;
    waiting?.reject(broken);
  };
  const violation = (why: string): Failure =>
    new Failure('ERR_ENGINE_REPLY', `The engine ${engine} broke the worker protocol.`, { ...details, why });

  const lines = splitProtocolLines(MAX_LINE_BYTES, (line, tooLong) => {
    if (broken !== undefined) return;
    heardAt = performance.now();
    const message = tooLong ? undefined : parseWorkerMessage(line);
    if (message === undefined) {
      const what = tooLong ? `a line of more than ${MAX_LINE_BYTES} bytes` : 'a line that is no message';
      return end(violation(`It wrote ${what} to its output: ${JSON.stringify(line.slice(0, 120))}.`));
    }
    if (message.type === 'beat') return;
    greeted ||= message.type === 'ready';
    movedAt = heardAt;
    if (pending === undefined) return end(violation(`It said '${message.type}' without being asked.`));
    const outcome = pending.take(message);
    if (outcome === undefined) return;
    if (outcome instanceof Failure) return end(outcome);
    const { resolve } = pending;
    pending = undefined;
    resolve(outcome.end);
  });

  // A machine that was asleep or busy lets the clock jump while answers wait unread: a late tick only starts to count anew.
  const everyMs = 100;
  let tickedAt = performance.now();
  const ticker = setInterval(() => {
    const now = performance.now();
    const late = now - tickedAt > 10 * everyMs;
    tickedAt = now;
    if (late) heardAt = movedAt = now;
    if (pending === undefined) return;
    const { limit } = pending;
    if (now - movedAt > limit.seconds * 1000) end(timeout(limit, 'no progress'));
    else if (greeted && now - heardAt > options.beat.seconds * 1000) end(timeout(options.beat, 'no sign of life'));
  }, everyMs).unref();
  const timeout = (limit: NamedLimit, what: string): Failure =>
    new Failure('ERR_WORKER_TIMEOUT', `The engine ${engine} gave ${what} for ${limit.seconds} s.`, {
      ...details,
      why: `The limit is the setting ${limit.setting}. The process was ended.`,
    });

  group.stdout?.on('data', (chunk: Uint8Array) => lines.push(chunk));
  group.stdout?.on('error', () => undefined);
  group.stdout?.once('end', () => setTimeout(() => group.kill('kill'), CLOSED_MS).unref());
  // After the last of its output was read: a worker may answer and leave.
  void group.drained.then((exit) => {
    const tail = group.stderrTail();
    end(
      resourceFailure(`The engine ${engine}`, exit, tail) ??
        new Failure('ERR_WORKER_DIED', `The engine ${engine} ended without answering.`, {
          ...details,
          why: `It ended with ${describeExit(exit)}. ${lastWords(tail)}`,
        }),
    );
  });

  const send = (message: ToWorker): void => {
    if (broken === undefined) group.stdin?.write(`${JSON.stringify(message)}\n`);
  };
  return {
    send,
    end,
    get broken() {
      return broken;
    },
    exchange<T>(message: ToWorker, { limit, take }: Exchange<T>): Promise<T> {
      if (broken !== undefined) return Promise.reject(broken);
      if (pending !== undefined) throw new Error('a worker was asked while it was busy');
      heardAt = movedAt = performance.now();
      return new Promise<T>((resolve, reject) => {
        pending = { take, limit, resolve: resolve as (value: unknown) => void, reject };
        send(message);
      });
    },
  };
}
