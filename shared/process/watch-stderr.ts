import type { Readable } from 'node:stream';
import { openLogFile } from './log-file.ts';
import { cleanLogLine } from './log-line.ts';
import { createLogRing } from './log-ring.ts';
import { createLineSplitter } from './split-lines.ts';

interface Watch {
  readonly stderrLog?: string;
  readonly tailLines?: number;
  readonly onStderrLine?: (line: string) => void;
}

export interface WatchedStderr {
  tail(): readonly string[];
  /** Writes what is still held back and closes the log file. */
  close(): void;
}

const TAIL_LINES = 200;

/** Reads a program's stderr line by line into a ring, a capped file and a listener. */
export function watchStderr(
  stream: Readable,
  { stderrLog, tailLines = TAIL_LINES, onStderrLine }: Watch,
): WatchedStderr {
  const ring = createLogRing(tailLines);
  const file = stderrLog === undefined ? undefined : openLogFile(stderrLog);
  const noteRepeats = (times: number): void => {
    if (times > 1) file?.write(`  (the line above came ${times} times)`);
  };
  const splitter = createLineSplitter((line) => {
    onStderrLine?.(line);
    const clean = cleanLogLine(line);
    const before = ring.repeats();
    if (!ring.push(clean)) return;
    noteRepeats(before);
    file?.write(clean);
  });
  stream.on('data', (chunk: Uint8Array) => splitter.push(chunk));
  stream.on('error', () => {});
  return {
    tail: ring.lines,
    close() {
      splitter.end();
      noteRepeats(ring.repeats());
      file?.close();
    },
  };
}
