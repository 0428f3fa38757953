import { Failure } from '../contract/failure.ts';
import type { Need } from './admission.ts';
import { impossible } from './admission.ts';
import { cancelled } from './once.ts';
import type { Candidate } from './scheduler.ts';

export interface LocalNeed {
  readonly cpu: number;
  /** As of a task. */
  readonly urgency?: number | undefined;
}

export interface LocalWorkQueue {
  /** Runs `work` when there is room for it. Rejects with ERR_CANCELLED when the signal aborts before, ERR_IMPOSSIBLE when there never is. */
  run<T>(need: LocalNeed, work: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T>;
  candidates(): readonly Candidate[];
}

export interface QueueHooks {
  readonly total: Need;
  readonly nextSeq: () => number;
  readonly poke: () => void;
}

/** Work of the runner's own process and of tools it starts, admitted like a task. */
export function createLocalWorkQueue({ total, nextSeq, poke }: QueueHooks): LocalWorkQueue {
  const waiting = new Set<Candidate>();
  return {
    candidates: () => [...waiting],
    async run<T>(
      { cpu, urgency = 0 }: LocalNeed,
      work: (signal: AbortSignal) => Promise<T>,
      signal: AbortSignal,
    ): Promise<T> {
      const refusal = impossible('A tool', { cpu, ramMiB: 0 }, total);
      if (refusal !== undefined) throw refusal;
      if (signal.aborted) throw cancelled();
      const turn = Promise.withResolvers<void>();
      const done = Promise.withResolvers<void>();
      const seq = nextSeq();
      const candidate: Candidate = {
        id: `tool ${seq}`,
        cpu,
        ramMiB: 0,
        seq,
        urgency,
        evicts: false,
        start() {
          waiting.delete(candidate);
          turn.resolve();
          return done.promise;
        },
        stalled: () => turn.reject(new Failure('ERR_STALL', 'A tool waits although nothing is running.')),
      };
      const leave = (): void => {
        if (waiting.delete(candidate)) turn.reject(cancelled());
      };
      signal.addEventListener('abort', leave, { once: true });
      waiting.add(candidate);
      poke();
      try {
        await turn.promise;
        return await work(signal);
      } finally {
        signal.removeEventListener('abort', leave);
        waiting.delete(candidate);
        done.resolve();
      }
    },
  };
}
