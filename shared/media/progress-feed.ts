import { createLineSplitter } from '../process/split-lines.ts';

export interface ProgressFeed {
  push(chunk: Uint8Array): void;
  /** Position in the output, milliseconds; grows only. */
  reachedMs(): number;
}

/** Reads what `-progress` writes: `key=value` lines, of which `out_time_us` is the position in the output (N/A before the first packet). */
export function createProgressFeed(onAdvance: (ms: number) => void): ProgressFeed {
  let reachedUs = 0;
  const splitter = createLineSplitter((line) => {
    const value = /^out_time_us=\s*(\d+)$/.exec(line)?.[1];
    if (value === undefined || Number(value) <= reachedUs) return;
    reachedUs = Number(value);
    onAdvance(Math.round(reachedUs / 1000));
  });
  return { push: splitter.push, reachedMs: () => Math.round(reachedUs / 1000) };
}
