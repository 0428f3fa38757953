import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

export interface LivingProcess {
  readonly pid: number;
  readonly command: string;
}

const orEmpty = (read: () => string): string => {
  try {
    return read();
  } catch {
    // It ended while we looked, or belongs to somebody else.
    return '';
  }
};

/**
 * Processes that carry `marker` in their arguments, variables or working folder; never this one. A zombie has neither arguments nor
 * variables any more, so one that waits for its reaper is not among them.
 */
export const processesOf = (marker: string): readonly LivingProcess[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((name) => {
      const command = orEmpty(() => readFileSync(`/proc/${name}/cmdline`, 'latin1'));
      const environment = orEmpty(() => readFileSync(`/proc/${name}/environ`, 'latin1'));
      const folder = orEmpty(() => readlinkSync(`/proc/${name}/cwd`));
      return [command, environment, folder].some((text) => text.includes(marker))
        ? [{ pid: Number(name), command: command.replaceAll('\0', ' ').trim() }]
        : [];
    });

/** Looks every 20 ms until nothing carries the marker any more, for `limitMs` at most; gives the milliseconds and who is left. */
export async function untilGone(
  marker: string,
  limitMs: number,
): Promise<{ readonly ms: number; readonly left: readonly LivingProcess[] }> {
  const started = performance.now();
  for (;;) {
    const left = processesOf(marker);
    const ms = performance.now() - started;
    if (left.length === 0 || ms > limitMs) return { ms, left };
    await sleep(20);
  }
}
