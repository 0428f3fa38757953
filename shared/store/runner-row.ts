import type { State } from './database.ts';
import { type ProcessIdentity, thisProcess } from './process-identity.ts';

/** A row of table `runner`, as far as it says who that is. */
export interface RunnerRow {
  readonly id: number;
  readonly host: string;
  readonly boot_id: string;
  readonly pid_ns: string;
  readonly pid: number;
  readonly pid_start_ticks: number;
}

export const identityOf = (row: RunnerRow): ProcessIdentity => ({
  host: row.host,
  bootId: row.boot_id,
  pidNamespace: row.pid_ns,
  pid: row.pid,
  startTicks: row.pid_start_ticks,
});

/** Id of this process's own row, made when it is missing. Call inside `state.write`. */
export function registerRunner(state: State): number {
  const { host, bootId, pidNamespace, pid, startTicks } = thisProcess();
  const who = [host, bootId, pidNamespace, pid, startTicks];
  state.db
    .prepare('INSERT OR IGNORE INTO runner (host, boot_id, pid_ns, pid, pid_start_ticks) VALUES (?, ?, ?, ?, ?)')
    .run(who);
  const row = state.db
    .prepare<unknown[], { id: number }>(
      'SELECT id FROM runner WHERE host = ? AND boot_id = ? AND pid_ns = ? AND pid = ? AND pid_start_ticks = ?',
    )
    .get(who);
  return (row as { id: number }).id;
}
