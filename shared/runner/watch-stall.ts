import { Failure } from '../contract/failure.ts';
import type { StageInstance } from '../contract/ids.ts';
import type { EventLog } from './event-log.ts';
import type { StageRun } from './run-stage.ts';

/**
 * Ends a run in which stages are open, nothing is in flight or queued, and nothing has happened for `seconds`: stages wait for each other.
 * That is a bug of ours, so it is said with who waits for whom instead of waiting for ever.
 */
export function watchStall(options: {
  readonly runs: ReadonlyMap<StageInstance, StageRun>;
  readonly executor: { idle(): boolean };
  readonly events: EventLog;
  readonly seconds: number;
}): Disposable {
  const { runs, executor, events, seconds } = options;
  let lastActivity = performance.now();
  const open = new Set(runs.keys());
  for (const [instance, run] of runs) {
    const close = (): void => void open.delete(instance);
    run.finished.then(close, close);
  }
  events.subscribe(() => {
    lastActivity = performance.now();
  });
  const timer = setInterval(
    () => {
      if (!executor.idle()) lastActivity = performance.now();
      if (open.size === 0 || performance.now() - lastActivity < seconds * 1000) return;
      clearInterval(timer);
      const who = [...open]
        .map((instance) => `${instance} waits for ${runs.get(instance)?.waiting() ?? 'something of its own'}`)
        .join('; ');
      const failure = new Failure('ERR_STALL', 'The stages wait for each other and nothing is running.', {
        why: `For ${seconds} s: ${who}.`,
        safe: 'What is finished is kept.',
        fix: ['./babelreel.sh logs --help'],
      });
      for (const run of runs.values()) run.abort.abort(failure);
    },
    Math.min(1000, seconds * 250),
  );
  timer.unref();
  return { [Symbol.dispose]: () => clearInterval(timer) };
}
