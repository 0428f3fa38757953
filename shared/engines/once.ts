import { Failure } from '../contract/failure.ts';
import type { Fingerprint } from '../contract/ids.ts';
import type { TaskAnswer, TaskMemo, TaskOrigin } from '../store/task-memo.ts';

/** What the executor uses of the task memo. */
export type Memo = Pick<TaskMemo, 'get' | 'recall' | 'put' | 'putObject' | 'objectPath'>;

export interface OnceCall {
  /** Null: done every time, never remembered. */
  readonly key: Fingerprint | null;
  readonly origin: TaskOrigin;
  readonly signal: AbortSignal;
  /** The reply in its proper shape; throws when it is not, and a remembered reply that is not is done again. */
  readonly parse: (reply: unknown) => unknown;
  /** Its signal aborts when nobody waits for the answer any more. */
  readonly work: (signal: AbortSignal) => Promise<TaskAnswer>;
}

export interface OnceAnswer extends TaskAnswer {
  readonly from: 'memo' | 'engine';
}

interface Flight {
  readonly answer: Promise<OnceAnswer>;
  readonly abort: AbortController;
  waiting: number;
}

export const cancelled = (): Failure =>
  new Failure('ERR_CANCELLED', 'The work was stopped.', { safe: 'Nothing is lost: what is finished is kept.' });

/** Does the work of a key once: remembered answers are served, and calls with the key of work under way wait for that. */
export function createOnce(memo: Memo): (call: OnceCall) => Promise<OnceAnswer> {
  const flights = new Map<Fingerprint, Flight>();

  /** Undefined: not known, or not in its proper shape. */
  const parsed = (entry: TaskAnswer | undefined, parse: OnceCall['parse']): OnceAnswer | undefined => {
    if (entry === undefined) return undefined;
    try {
      return { reply: parse(entry.reply), objects: entry.objects, from: 'memo' };
    } catch {
      return undefined;
    }
  };
  const launch = (call: OnceCall, known: TaskAnswer | undefined): Flight => {
    const { key, origin, parse, work } = call;
    const abort = new AbortController();
    const answer = (async () => {
      // Objects will be fed to other work, so their bytes are looked at, not only their names.
      const hit = key === null || known === undefined ? undefined : parsed(await memo.recall(key), parse);
      if (hit !== undefined) return hit;
      const made = await work(abort.signal);
      const entry = { reply: parse(made.reply), objects: made.objects };
      if (key !== null) memo.put(key, { ...entry, origin });
      return { ...entry, from: 'engine' } as const;
    })();
    const flight = { answer, abort, waiting: 0 };
    if (key === null) return flight;
    flights.set(key, flight);
    const land = (): void => {
      if (flights.get(key) === flight) flights.delete(key);
    };
    answer.then(land, land);
    return flight;
  };
  return async (call) => {
    const { key, signal, parse } = call;
    if (signal.aborted) throw cancelled();
    const under = key === null ? undefined : flights.get(key);
    const known = key === null || under !== undefined ? undefined : memo.get(key);
    if (known?.objects.length === 0) {
      const hit = parsed(known, parse);
      if (hit !== undefined) return hit;
    }
    const flight = under ?? launch(call, known);
    return await board(flight, signal, () => {
      // Nobody may join a flight that is being called back.
      if (key !== null && flights.get(key) === flight) flights.delete(key);
    });
  };
}

/** Waits for a flight unless the signal comes first; the last one to leave calls it back. */
async function board(flight: Flight, signal: AbortSignal, onEmpty: () => void): Promise<OnceAnswer> {
  flight.waiting += 1;
  const left = Promise.withResolvers<never>();
  const leave = (): void => {
    flight.waiting -= 1;
    if (flight.waiting === 0) {
      onEmpty();
      flight.abort.abort();
    }
    left.reject(cancelled());
  };
  signal.addEventListener('abort', leave, { once: true });
  try {
    return await Promise.race([flight.answer, left.promise]);
  } finally {
    signal.removeEventListener('abort', leave);
  }
}
