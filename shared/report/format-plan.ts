import type { Reason } from '../contract/event.ts';
import type { StageInstance } from '../contract/ids.ts';
import { formatDuration } from './format-duration.ts';
import { formatReason } from './format-reason.ts';
import { renderTable } from './render-table.ts';

/** One stage of `--plan`. */
export interface PlanRow {
  readonly stage: StageInstance;
  readonly state: 'hit' | 'run' | 'pending' | 'not-needed';
  readonly why: Reason;
  readonly engine?: string;
  /** How long it would take (run, pending) or took when it was made (hit): what is saved. Null when not known. */
  readonly seconds?: number | null;
}

const SIGN = { hit: '✓', run: '>', pending: '>', 'not-needed': '-' } as const;

const total = (rows: readonly PlanRow[]): string => {
  const seconds = rows.reduce((sum, row) => sum + (row.seconds ?? 0), 0);
  return seconds === 0 ? '' : ` (about ${formatDuration(seconds)})`;
};

/** `--plan` as lines: one a stage, then what would run and what is saved. */
export function formatPlan(rows: readonly PlanRow[], columns?: number): string {
  const table = renderTable(
    rows.map(({ stage, state, why, engine = '', seconds }) => [
      SIGN[state],
      stage,
      state,
      seconds === undefined || seconds === null ? '' : formatDuration(seconds),
      engine,
      formatReason(why),
    ]),
    columns === undefined ? {} : { columns },
  );
  const running = rows.filter((row) => row.state === 'run' || row.state === 'pending');
  const done = rows.filter((row) => row.state === 'hit');
  const summary =
    running.length === 0
      ? `Nothing to do: all ${done.length} stages are done${total(done)}.`
      : `${running.length} of ${rows.length} stages would run${total(running)}; ${done.length} are done${total(done)}.`;
  return [...table, summary].join('\n');
}
