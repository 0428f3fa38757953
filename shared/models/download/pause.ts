import { setTimeout as sleep } from 'node:timers/promises';
import type { Patience } from './fetch-options.ts';

export interface PauseOptions {
  /** What the server asked for. */
  readonly afterMs?: number | undefined;
  readonly patience: Pick<Patience, 'pauseMs' | 'longestPauseMs'>;
  readonly signal?: AbortSignal | undefined;
}

/** Milliseconds before the try after the `tries`th failure: as asked but not too long, else twice as long each time, by chance shorter. */
export function pauseMs(tries: number, { afterMs, patience }: PauseOptions, chance: number = Math.random()): number {
  if (afterMs !== undefined) return Math.min(afterMs, patience.longestPauseMs);
  return Math.min(patience.longestPauseMs, patience.pauseMs * 2 ** (tries - 1)) * (0.5 + chance / 2);
}

/** Waits before the next try; an abort ends the wait without an error. */
export async function pauseBefore(tries: number, options: PauseOptions): Promise<void> {
  await sleep(pauseMs(tries, options), undefined, options.signal === undefined ? {} : { signal: options.signal }).catch(
    () => {},
  );
}
