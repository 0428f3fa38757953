import { createReadStream, fstatSync, writeSync } from 'node:fs';
import { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { parentPort, workerData } from 'node:worker_threads';
import { BEAT_SECONDS, MAX_LINE_BYTES } from '../contract/protocol.ts';
import { splitProtocolLines } from '../contract/protocol-lines.ts';

/**
 * The thread beside a Node worker's main thread: it reads stdin and beats, so that beat, cancel and the end of input work while the main
 * thread is blocked in a native call. `shared[0]` is the lock of the output, `shared[1]` counts cancels.
 */
export interface WatchData {
  readonly shared: Int32Array;
}

/** A line for the main thread, with the number of cancels read before it; null at the end of input. */
export type Inbound = { readonly line: string; readonly tooLong: boolean; readonly cancels: number } | null;

/** How long the main thread has to leave by itself after the end of input. */
const LEAVE_MS = 500;

function watch({ shared }: WatchData): void {
  const port = parentPort;
  if (port === null) return;
  const splitter = splitProtocolLines(MAX_LINE_BYTES, (line, tooLong) => {
    // Looked at here, because the main thread may be busy: the current run is the only one there can be.
    if (!tooLong && line.startsWith('{"type":"cancel"')) Atomics.add(shared, 1, 1);
    port.postMessage({ line, tooLong, cancels: Atomics.load(shared, 1) } satisfies Inbound);
  });
  const stat = fstatSync(0);
  const input: Readable = stat.isSocket() || stat.isFIFO() ? new Socket({ fd: 0 }) : createReadStream('', { fd: 0 });
  input.on('data', (chunk: Buffer) => splitter.push(chunk));
  const end = (): void => {
    port.postMessage(null satisfies Inbound);
    setTimeout(endGroup, LEAVE_MS);
  };
  input.once('end', end);
  input.once('error', end);
  setInterval(() => {
    // A held lock means that the main thread is writing, which is a sign of life as well.
    if (Atomics.compareExchange(shared, 0, 0, 1) !== 0) return;
    try {
      writeSync(1, '{"type":"beat"}\n');
    } catch {
      endGroup();
    } finally {
      Atomics.store(shared, 0, 0);
      Atomics.notify(shared, 0);
    }
  }, BEAT_SECONDS * 1000);
}

/** The main thread does not leave: it is blocked, and nobody reads its answers any more. */
function endGroup(): void {
  try {
    process.kill(-process.pid, 'SIGKILL');
  } catch {
    process.kill(process.pid, 'SIGKILL');
  }
}

watch(workerData as WatchData);
