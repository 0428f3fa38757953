import { Failure, isFailure } from '../../shared/contract/failure.ts';
import { createProgressLine, type ProgressLine } from '../../shared/report/progress-line.ts';
import { reportFailure } from '../../shared/report/report-failure.ts';
import type { Invocation } from '../babelreel.ts';
import { catchStopSignals } from '../stop-signals.ts';
import { type OpenedStore, openStore } from './open-store.ts';

/** What a long action on the store has: the store, a line of progress on stderr, and the signal of Ctrl-C. */
export interface StoreTask {
  readonly store: OpenedStore;
  readonly progress: ProgressLine;
  readonly signal: AbortSignal;
}

/** Seconds after Ctrl-C until the process ends whatever hangs. */
const PATIENCE_SECONDS = 3;

const stopped = (): Failure =>
  new Failure('ERR_CANCELLED', 'Stopped.', { safe: 'What is finished is kept, and nothing half-written is.' });

/**
 * Runs a long action on the store; `work` gives the exit code. Progress is not shown with `--json`. Throws ERR_CANCELLED after Ctrl-C, what
 * `openStore` throws and what `work` throws.
 */
export async function runTask(
  { settings, projectDir }: Invocation,
  { json }: { readonly json: boolean },
  work: (task: StoreTask) => Promise<number>,
): Promise<number> {
  using progress = createProgressLine({ stderr: process.stderr, quiet: json });
  using stop = catchStopSignals({
    patience: PATIENCE_SECONDS,
    onLate: (exitCode) => {
      progress.close();
      reportFailure(stopped(), { json, projectDir, exitCode });
    },
  });
  using store = openStore(settings, projectDir);
  if (store.note !== undefined) progress.note(store.note);
  try {
    return await work({ store, progress, signal: stop.signal });
  } catch (error) {
    throw stop.signal.aborted && !isFailure(error) ? stopped() : error;
  }
}

/** Another process changes the store; this one waits. */
export const waitNote = ({ host, pid }: { readonly host: string; readonly pid: number }): string =>
  `Waiting for process ${pid} on ${host}, which changes the model store…`;
