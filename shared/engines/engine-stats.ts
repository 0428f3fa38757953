import type { EngineId } from '../contract/ids.ts';
import type { WorkerCounters } from '../contract/task.ts';

/** What an engine did in this run; sums, except `peakRssMiB`, the largest worker. */
export interface EngineStats {
  /** Worker processes started. */
  readonly starts: number;
  /** Model loads, and calls of the engine's own function, as the workers counted them. */
  readonly loads: number;
  readonly calls: number;
  readonly memoHits: number;
  readonly cpuMs: number;
  readonly peakRssMiB: number;
}

export interface StatsBook {
  count(engine: EngineId, what: 'starts' | 'memoHits'): void;
  add(engine: EngineId, counters: WorkerCounters): void;
  read(): Readonly<Record<EngineId, EngineStats>>;
}

export function createStatsBook(): StatsBook {
  const book = new Map<EngineId, EngineStats>();
  const of = (engine: EngineId): EngineStats =>
    book.get(engine) ?? { starts: 0, loads: 0, calls: 0, memoHits: 0, cpuMs: 0, peakRssMiB: 0 };
  return {
    count(engine, what) {
      const stats = of(engine);
      book.set(engine, { ...stats, [what]: stats[what] + 1 });
    },
    add(engine, counters) {
      const stats = of(engine);
      book.set(engine, {
        ...stats,
        loads: stats.loads + counters.loads,
        calls: stats.calls + counters.calls,
        cpuMs: stats.cpuMs + counters.cpuMs,
        peakRssMiB: Math.max(stats.peakRssMiB, counters.peakRssMiB),
      });
    },
    read: () => Object.fromEntries(book),
  };
}
