import { killAllGroups } from '../shared/process/live-groups.ts';

const EXIT_CODES = { SIGINT: 130, SIGTERM: 143, SIGHUP: 130 } as const;
type StopSignal = keyof typeof EXIT_CODES;
const NAMES = Object.keys(EXIT_CODES) as StopSignal[];

export interface StopSignals extends Disposable {
  /** Aborts at the first Ctrl-C, SIGTERM or SIGHUP. */
  readonly signal: AbortSignal;
}

/**
 * Ctrl-C once: `signal` aborts, what is finished is kept. Twice, or when the command has not ended `patience` seconds after the first:
 * everything it started is killed and the process exits, 143 after SIGTERM and else 130. Nothing is lost by that either, for a record is
 * published whole or not at all.
 */
export function catchStopSignals(options: {
  readonly patience: number;
  /** Called before the exit of a command that did not end in time; says what is to be said. */
  readonly onLate: (exitCode: number) => unknown;
}): StopSignals {
  const stop = new AbortController();
  let late: NodeJS.Timeout | undefined;
  const leave = (code: number): never => {
    killAllGroups('kill');
    process.exit(code);
  };
  const onSignal = (name: NodeJS.Signals): void => {
    const code = EXIT_CODES[name as StopSignal];
    process.exitCode = code;
    if (stop.signal.aborted) leave(code);
    process.stderr.write('Stopping; what is finished is kept. Again to kill at once.\n');
    late = setTimeout(() => {
      options.onLate(code);
      leave(code);
    }, options.patience * 1000);
    stop.abort();
  };
  for (const name of NAMES) process.on(name, onSignal);
  return {
    signal: stop.signal,
    [Symbol.dispose]() {
      clearTimeout(late);
      for (const name of NAMES) process.off(name, onSignal);
    },
  };
}
