import { closeSync, createReadStream, openSync, readSync, writeSync } from 'node:fs';

/**
 * A stream port while it is being written: JSON Lines in a file, without back-pressure. Readers have their own position in the file, so a
 * slow reader costs no memory and a stage that reads one input wholly before another cannot block anybody.
 */
export interface LiveStream {
  readonly path: string;
  /** Appends one line (without its newline). */
  append(line: string): void;
  end(): void;
  /** Ends every reader with this error. */
  fail(error: Error): void;
  /** Lines from the first on; waits for more until the stream has ended. `onWait` is told when it waits and when it goes on. */
  read(options: {
    readonly signal: AbortSignal;
    readonly onWait?: (waiting: boolean) => void;
  }): AsyncGenerator<string, void>;
}

const CHUNK_BYTES = 64 * 1024;

export function createLiveStream(path: string): LiveStream {
  const writer = openSync(path, 'wx');
  let written = 0;
  let state: 'open' | 'ended' | { readonly failed: Error } = 'open';
  let wake = Promise.withResolvers<void>();
  const notify = (): void => {
    const sleeping = wake;
    wake = Promise.withResolvers<void>();
    sleeping.resolve();
  };
  const close = (next: typeof state): void => {
    if (state !== 'open') return;
    state = next;
    closeSync(writer);
    notify();
  };
  return {
    path,
    append(line) {
      const bytes = Buffer.from(`${line}\n`);
      let done = 0;
      while (done < bytes.length) done += writeSync(writer, bytes, done);
      written += bytes.length;
      notify();
    },
    end: () => close('ended'),
    fail: (error) => close({ failed: error }),
    async *read({ signal, onWait }) {
      // Opened at once: the file may be moved into the store while we read.
      const reader = openSync(path, 'r');
      try {
        const buffer = Buffer.alloc(CHUNK_BYTES);
        let position = 0;
        let rest: Buffer[] = [];
        for (;;) {
          signal.throwIfAborted();
          if (position < written) {
            const bytes = readSync(reader, buffer, 0, Math.min(CHUNK_BYTES, written - position), position);
            position += bytes;
            let start = 0;
            for (let at = buffer.indexOf(10); at !== -1 && at < bytes; at = buffer.indexOf(10, start)) {
              rest.push(Buffer.from(buffer.subarray(start, at)));
              start = at + 1;
              const line = Buffer.concat(rest).toString('utf8');
              rest = [];
              yield line;
            }
            if (start < bytes) rest.push(Buffer.from(buffer.subarray(start, bytes)));
            continue;
          }
          if (state === 'ended') return;
          if (state !== 'open') throw state.failed;
          onWait?.(true);
          await abortable(wake.promise, signal);
          onWait?.(false);
        }
      } finally {
        closeSync(reader);
      }
    },
  };
}

/** The lines of a finished stream. Not by node:readline, which also cuts at U+2028 and U+2029, and JSON writes those as they are. */
export async function* readLines(path: string, signal: AbortSignal): AsyncGenerator<string, void> {
  let rest = '';
  for await (const chunk of createReadStream(path, { signal, encoding: 'utf8' }) as AsyncIterable<string>) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
}

/** Resolves or rejects with `promise`, or rejects with the signal's reason, whatever comes first. */
export function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  if (signal.aborted) return Promise.reject(signal.reason);
  const { promise: result, resolve, reject } = Promise.withResolvers<T>();
  const onAbort = (): void => reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  return result;
}
