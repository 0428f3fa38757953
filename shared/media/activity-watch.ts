import { readFileSync } from 'node:fs';
import { setInterval } from 'node:timers';

interface Limits {
  readonly pid: number;
  /** Longest time without any sign of work. */
  readonly stallMs: number;
  readonly hardMs: number;
  readonly onLimit: (limit: 'stall' | 'hard') => void;
}

export interface ActivityWatch extends Disposable {
  /** Tells that work went on. */
  touch(): void;
}

/** Calls `onLimit` once when a process stops working or takes too long. Bytes moved count as work where the system tells them. */
export function watchActivity({ pid, stallMs, hardMs, onLimit }: Limits): ActivityWatch {
  const start = performance.now();
  let last = start;
  let moved = bytesMoved(pid);
  const timer = setInterval(
    () => {
      const now = performance.now();
      // A long silence at the start of a stream, or the rewriting of an index at the end, moves bytes but no position.
      const bytes = bytesMoved(pid);
      if (bytes !== moved) last = now;
      moved = bytes;
      const limit = now - start > hardMs ? 'hard' : now - last > stallMs ? 'stall' : undefined;
      if (limit === undefined) return;
      clearInterval(timer);
      onLimit(limit);
    },
    Math.max(50, Math.min(stallMs, hardMs, 4_000) / 4),
  );
  return {
    touch: () => {
      last = performance.now();
    },
    [Symbol.dispose]: () => clearInterval(timer),
  };
}

/** Bytes the process has read and written so far, files only; '' where there is no /proc. */
function bytesMoved(pid: number): string {
  try {
    return /^rchar: \d+\nwchar: \d+$/m.exec(readFileSync(`/proc/${pid}/io`, 'utf8'))?.[0] ?? '';
  } catch {
    return '';
  }
}
