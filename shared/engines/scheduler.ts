import type { Need } from './admission.ts';
import { admit } from './admission.ts';

/** Something that could start now if there were room. */
export interface Candidate extends Need {
  readonly id: string;
  readonly seq: number;
  readonly urgency?: number;
  readonly evicts: boolean;
  /** Holds what it needs until this settles. Never rejects. */
  start(): Promise<void>;
  /** Nothing runs and it still cannot start: a bug of whoever let it wait. Absent: nobody waits for it. */
  readonly stalled?: () => void;
}

export interface Scheduler {
  /** Something became ready. Looks at all candidates at the end of this turn of the event loop, so that what is asked together is batched. */
  poke(): void;
  readonly running: number;
  /** Settles when nothing is running. */
  settled(): Promise<void>;
}

/** Starts candidates by the rules of `admit` whenever there is room. */
export function createScheduler(total: Need, candidates: () => readonly Candidate[]): Scheduler {
  const running = new Map<Candidate, Promise<void>>();
  const overtaken = new Map<string, number>();
  let poked = false;

  const round = (): void => {
    poked = false;
    const ready = candidates();
    const requests = ready.map((candidate) => ({ ...candidate, overtaken: overtaken.get(candidate.id) ?? 0 }));
    const held = [...running.keys()];
    const free = {
      cpu: total.cpu - held.reduce((sum, need) => sum + need.cpu, 0),
      ramMiB: total.ramMiB - held.reduce((sum, need) => sum + need.ramMiB, 0),
    };
    const starts = new Set(admit(requests, free).map(({ id }) => id));
    overtaken.clear();
    for (const { id, overtaken: before } of requests) if (!starts.has(id)) overtaken.set(id, before + starts.size);
    for (const candidate of ready) {
      if (!starts.has(candidate.id)) continue;
      const work = candidate.start().finally(() => {
        running.delete(candidate);
        poke();
      });
      running.set(candidate, work);
    }
    if (running.size === 0) for (const candidate of ready) candidate.stalled?.();
  };
  const poke = (): void => {
    if (poked) return;
    poked = true;
    setImmediate(round);
  };
  return {
    poke,
    get running() {
      return running.size;
    },
    async settled() {
      while (running.size > 0) await Promise.all(running.values());
    },
  };
}
