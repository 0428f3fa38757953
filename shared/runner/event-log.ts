import { closeSync, fstatSync, openSync, readSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import type { JobEvent, JobEventBody } from '../contract/event.ts';
import { isFailure } from '../contract/failure.ts';
import { diskFailure, onDiskSync } from '../store/disk-failure.ts';

/** Writes out/<id>/events.jsonl and hands every event to the subscribers; the only order of a run is `seq`. */
export interface EventLog extends Disposable {
  readonly epoch: number;
  emit(event: JobEventBody): void;
  subscribe(listener: (event: JobEvent) => void): void;
}

const TAIL_BYTES = 64 * 1024;

/** @throws Failure ERR_NOT_WRITABLE, ERR_DISK_FULL */
export function openEventLog(path: string, jobId: string): EventLog {
  const { last, endsInMidLine } = readTail(path);
  let seq = last?.seq ?? 0;
  const epoch = (last?.epoch ?? 0) + 1;
  const file = onDiskSync({ folder: dirname(path) }, () => openSync(path, 'a'));
  const listeners: ((event: JobEvent) => void)[] = [];
  // A run that was killed in mid-line must not glue its half to our first event, nor a full disk one of ours to the next.
  let midLine = endsInMidLine;
  const write = (event: JobEvent): void => {
    const line = Buffer.from(`${midLine ? '\n' : ''}${JSON.stringify(event)}\n`);
    try {
      midLine = writeSync(file, line) < line.length;
    } catch (error) {
      // Nothing is decided by this file. Whatever else needs the disk says so, and that is where a run fails.
      if (!isFailure(diskFailure(error, { folder: dirname(path) }))) throw error;
    }
  };
  return {
    epoch,
    emit(body) {
      seq += 1;
      const event = { v: 1, seq, epoch, at: new Date().toISOString(), jobId, ...body } as JobEvent;
      write(event);
      for (const listener of listeners) listener(event);
    },
    subscribe: (listener) => void listeners.push(listener),
    [Symbol.dispose]: () => closeSync(file),
  };
}

/** The last whole event of the file, so that numbers go on where an earlier run stopped. */
function readTail(path: string): { readonly last: JobEvent | undefined; readonly endsInMidLine: boolean } {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch {
    return { last: undefined, endsInMidLine: false };
  }
  try {
    const { size } = fstatSync(file);
    const buffer = Buffer.alloc(Math.min(size, TAIL_BYTES));
    readSync(file, buffer, 0, buffer.length, size - buffer.length);
    const lines = buffer.toString('utf8').split('\n');
    const last = lines.map(parseEvent).findLast((event) => event !== undefined);
    return { last, endsInMidLine: lines.at(-1) !== '' };
  } finally {
    closeSync(file);
  }
}

function parseEvent(line: string): JobEvent | undefined {
  try {
    const event = JSON.parse(line) as JobEvent;
    return typeof event.seq === 'number' ? event : undefined;
  } catch {
    // half a line of a killed run, or the empty one after the last newline
    return undefined;
  }
}
