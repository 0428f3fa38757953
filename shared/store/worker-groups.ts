import type { State } from './database.ts';
import { lookAtProcess } from './process-identity.ts';
import { registerRunner } from './runner-row.ts';

interface GroupRow {
  readonly pgid: number;
  readonly start_ticks: number;
}

/** Notes that this process leads the process group `pgid`, so that whoever takes its lease after a crash can end it. */
export function rememberGroup(state: State, pgid: number): void {
  const startTicks = lookAtProcess(pgid)?.startTicks;
  if (startTicks === undefined) return;
  state.write(() => {
    state.db
      .prepare('INSERT OR REPLACE INTO worker_group (runner_id, pgid, start_ticks) VALUES (?, ?, ?)')
      .run(registerRunner(state), pgid, startTicks);
  });
}

/** Call it when the group is known to be gone. */
export function forgetGroup(state: State, pgid: number): void {
  state.write(() => {
    state.db.prepare('DELETE FROM worker_group WHERE runner_id = ? AND pgid = ?').run(registerRunner(state), pgid);
  });
}

/**
 * Kills what is left of a dead runner's groups. Only groups whose leader still is the process that was noted: a number that was used
 * again belongs to somebody else. A leader that is a zombie still keeps its number, and its group may have living members.
 */
export function killGroupsOf(state: State, runnerId: number): void {
  const groups = state.db
    .prepare<[number], GroupRow>('SELECT pgid, start_ticks FROM worker_group WHERE runner_id = ?')
    .all(runnerId);
  for (const { pgid, start_ticks } of groups) {
    if (pgid <= 1 || lookAtProcess(pgid)?.startTicks !== start_ticks) continue;
    try {
      process.kill(-pgid, 'SIGKILL');
    } catch (error) {
      // Gone since we looked.
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }
}
