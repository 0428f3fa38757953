import type { Dispatcher } from 'undici';

/** The answer of a server without its body. */
export interface Head {
  readonly status: number;
  /** Names in lower case; of a header sent several times the first. */
  readonly headers: Readonly<Record<string, string | undefined>>;
}

/** Takes a body piece by piece. A promise asks the server to wait until it is kept. */
export type TakeChunk = (chunk: Buffer) => Promise<void> | undefined;

export interface ExchangeOptions {
  readonly dispatcher: Dispatcher;
  readonly url: URL;
  readonly method: 'GET' | 'HEAD';
  readonly headers: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
  /** So long may nothing come. */
  readonly stallMs: number;
  /** So long may a connection take. */
  readonly connectMs: number;
  /** Says what becomes of the body; undefined: it is of no interest. What this throws ends the exchange with that error. */
  readonly onHead: (head: Head) => TakeChunk | undefined;
}

/** Nothing came for too long. */
export class StallError extends Error {
  readonly code = 'STALL';
}

/** What a body of no interest may have so that the connection is kept for the next request. */
const DRAIN_BYTES = 64 * 1024;
/** Ends an exchange of which enough is known. */
const ENOUGH = new Error('enough');

/**
 * One request and its answer over a connection that is kept alive; redirects are answers like others. The body goes to what `onHead` gives,
 * as fast as that takes it. Rejects with the error of the connection, with StallError, or with the reason of the signal.
 */
export function exchange(options: ExchangeOptions): Promise<Head> {
  const { dispatcher, url, method, headers, signal, stallMs, connectMs, onHead } = options;
  return new Promise((resolve, reject) => {
    let controller: Dispatcher.DispatchController | undefined;
    let head: Head | undefined;
    let take: TakeChunk | undefined;
    let drained = 0;
    let isOver = false;
    let pending: Promise<void> | undefined;

    const stop = (): boolean => {
      const wasOver = isOver;
      isOver = true;
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
      return !wasOver;
    };
    const fail = (error: Error): void => {
      if (!stop()) return;
      if (error === ENOUGH && head !== undefined) resolve(head);
      else reject(error);
    };
    const end = (error: Error): void => {
      if (isOver) return;
      fail(error);
      controller?.abort(error);
    };
    const abort = (): void => end(signal?.reason instanceof Error ? signal.reason : new Error('aborted'));
    let timer = setTimeout(() => end(stalled(stallMs + connectMs)), stallMs + connectMs);
    const stalled = (ms: number): StallError => new StallError(`nothing came for ${ms / 1000} s`);
    const attempt = (work: () => void): void => {
      try {
        work();
      } catch (error) {
        end(error instanceof Error ? error : new Error(String(error)));
      }
    };

    if (signal?.aborted) return abort();
    signal?.addEventListener('abort', abort);
    dispatcher.dispatch(
      {
        origin: url.origin,
        path: `${url.pathname}${url.search}`,
        method,
        headers: { ...headers },
        headersTimeout: 0,
        bodyTimeout: 0,
        blocking: false,
      },
      {
        onRequestStart(started) {
          controller = started;
          if (isOver) return started.abort(ENOUGH);
          clearTimeout(timer);
          timer = setTimeout(() => end(stalled(stallMs)), stallMs);
        },
        onResponseStart(_, status, raw) {
          timer.refresh();
          if (status < 200) return;
          head = { status, headers: flattened(raw) };
          attempt(() => {
            if (head !== undefined) take = onHead(head);
          });
        },
        onResponseData(at, chunk) {
          timer.refresh();
          if (isOver) return;
          if (take === undefined) {
            drained += chunk.length;
            if (drained > DRAIN_BYTES) end(ENOUGH);
            return;
          }
          attempt(() => {
            pending = take?.(chunk);
            if (pending === undefined) return;
            at.pause();
            pending.then(
              () => {
                timer.refresh();
                at.resume();
              },
              (error: unknown) => end(error instanceof Error ? error : new Error(String(error))),
            );
          });
        },
        onResponseEnd() {
          if (!stop()) return;
          Promise.resolve(pending).then(() => resolve(head as Head), reject);
        },
        onResponseError(_, error) {
          fail(error);
        },
      },
    );
  });
}

function flattened(raw: Readonly<Record<string, string | readonly string[] | undefined>>): Head['headers'] {
  return Object.fromEntries(
    Object.entries(raw).map(([name, value]) => [name.toLowerCase(), typeof value === 'string' ? value : value?.[0]]),
  );
}

/** A body kept as text; more than `limit` bytes end the exchange. */
export function collectBody(limit: number): { readonly take: TakeChunk; bytes(): Buffer } {
  const chunks: Buffer[] = [];
  let size = 0;
  return {
    take(chunk) {
      size += chunk.length;
      if (size > limit) throw new RangeError(`the answer has more than ${limit} bytes`);
      chunks.push(chunk);
      return undefined;
    },
    bytes: () => Buffer.concat(chunks),
  };
}
