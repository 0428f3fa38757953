import type { FetchProgress } from './fetch-options.ts';

/** Counts the bytes of all downloads together. */
export interface Meter {
  /** This file has so many bytes now; fewer after a start from zero. */
  at(key: string, bytes: number, file: { readonly model: string; readonly path: string }): void;
  /** The last word, whatever the clock says. */
  flush(): void;
}

export interface MeterOptions {
  readonly totalBytes: number;
  readonly onProgress: ((progress: FetchProgress) => void) | undefined;
  /** Milliseconds on a clock that does not go backwards. */
  readonly now?: () => number;
}

const EVERY_MS = 200;
/** The rate is that of so long ago until now. */
const WINDOW_MS = 5_000;

/** @returns a meter that reports at most five times a second; what an earlier download left counts as done and not as speed */
export function createMeter({ totalBytes, onProgress, now = () => performance.now() }: MeterOptions): Meter {
  const sizes = new Map<string, number>();
  const samples: { readonly ms: number; readonly received: number }[] = [];
  let doneBytes = 0;
  let received = 0;
  let current = { model: '', path: '' };
  let saidMs = Number.NEGATIVE_INFINITY;

  const say = (ms: number): void => {
    saidMs = ms;
    samples.push({ ms, received });
    while (samples.length > 2 && ms - (samples[1]?.ms ?? ms) > WINDOW_MS) samples.shift();
    const first = samples[0] ?? { ms, received };
    const bytesPerSecond = ms > first.ms ? Math.max(0, ((received - first.received) / (ms - first.ms)) * 1000) : 0;
    onProgress?.({
      doneBytes,
      totalBytes,
      bytesPerSecond,
      secondsLeft: bytesPerSecond > 0 ? (totalBytes - doneBytes) / bytesPerSecond : null,
      ...current,
      now: `${current.model}: ${current.path}`,
    });
  };
  return {
    at(key, bytes, file) {
      const before = sizes.get(key);
      sizes.set(key, bytes);
      doneBytes += bytes - (before ?? 0);
      // The first word about a file is what lay there.
      if (before !== undefined) received += Math.max(0, bytes - before);
      current = file;
      const ms = now();
      if (ms - saidMs >= EVERY_MS) say(ms);
    },
    flush: () => say(now()),
  };
}
