import { dirname } from 'node:path';
import { Failure, isFailure } from '../contract/failure.ts';
import type { JobId } from '../contract/ids.ts';
import type { State } from './database.ts';
import { quoted } from './disk-failure.ts';
import { judgeProcess, thisProcess } from './process-identity.ts';
import { identityOf, type RunnerRow, registerRunner } from './runner-row.ts';
import { killGroupsOf } from './worker-groups.ts';

/** The right to work on a job. It only saves work: what is true is decided by the records. */
export interface Lease extends Disposable {
  /** Grows with every taking of this lease. */
  readonly epoch: number;
  /** Doing it twice, or after somebody else took it over, does nothing. */
  release(): void;
}

interface HeldLease extends RunnerRow {
  readonly since: string;
}

/**
 * Takes the lease of a job. A holder that is dead loses it at once: gone, its pid used again, or the machine restarted. What it left
 * running is killed first. Throws ERR_JOB_LOCKED when the holder lives or cannot be judged from here.
 */
export function acquireJobLease(state: State, jobId: JobId): Lease {
  const name = `job/${jobId}`;
  const taken = state.write(() => {
    const runnerId = registerRunner(state);
    buryDeadRunners(state);
    const holder = findHolder(state, name);
    return holder === undefined ? { runnerId, epoch: take(state, name, runnerId) } : holder;
  });
  if (!('runnerId' in taken)) throw locked(jobId, taken, dirname(state.db.name));

  const { runnerId, epoch } = taken;
  const release = (): void => {
    if (!state.db.open) return;
    try {
      state.write(() => {
        state.db
          .prepare('UPDATE lease SET runner_id = NULL WHERE name = ? AND runner_id = ? AND epoch = ?')
          .run(name, runnerId, epoch);
      });
    } catch (error) {
      // The disk is full. It is released by our end as well, and what ends us is to be told, not this.
      if (!isFailure(error)) throw error;
    }
  };
  return { epoch, release, [Symbol.dispose]: release };
}

/**
 * Says at once what `acquireJobLease` would say, and takes nothing: for a runner that has not loaded the rest of itself yet. Throws
 * ERR_JOB_LOCKED.
 */
export function refuseWhileHeld(state: State, jobId: JobId): void {
  const holder = findHolder(state, `job/${jobId}`);
  if (holder === undefined || judgeProcess(identityOf(holder), thisProcess()) === 'dead') return;
  throw locked(jobId, holder, dirname(state.db.name));
}

function findHolder(state: State, name: string): HeldLease | undefined {
  return state.db
    .prepare<[string], HeldLease>(
      'SELECT runner.*, lease.since FROM lease JOIN runner ON runner.id = lease.runner_id WHERE lease.name = ?',
    )
    .get(name);
}

/** The row stays when the lease is given back, so that the epoch never goes down. */
function take(state: State, name: string, runnerId: number): number {
  const row = state.db
    .prepare<[string, number, string], { epoch: number }>(
      'INSERT INTO lease (name, runner_id, epoch, since) VALUES (?, ?, 1, ?) ' +
        'ON CONFLICT (name) DO UPDATE SET runner_id = excluded.runner_id, epoch = epoch + 1, since = excluded.since ' +
        'RETURNING epoch',
    )
    .get(name, runnerId, new Date().toISOString());
  return (row as { epoch: number }).epoch;
}

/** Ends what dead runners left running and frees their leases. */
function buryDeadRunners(state: State): void {
  const mine = thisProcess();
  for (const row of state.db.prepare<[], RunnerRow>('SELECT * FROM runner').all()) {
    if (judgeProcess(identityOf(row), mine) !== 'dead') continue;
    // Numbers of an earlier boot mean nothing now.
    if (row.boot_id === mine.bootId) killGroupsOf(state, row.id);
    state.db.prepare('DELETE FROM runner WHERE id = ?').run(row.id);
  }
}

function locked(jobId: JobId, holder: HeldLease, folder: string): Failure {
  const judged = judgeProcess(identityOf(holder), thisProcess());
  const who = `Process ${holder.pid} on ${holder.host} has had it since ${holder.since}`;
  return new Failure('ERR_JOB_LOCKED', `Another runner has job ${jobId}.`, {
    why:
      judged === 'unknown'
        ? `${who}; it is in another container or on another machine and cannot be looked at from here. If that one is gone for good, move the state database away: it holds nothing that is needed.`
        : `${who} and is alive.`,
    safe: 'Nothing was changed; that run goes on.',
    again: `./run-pipeline.sh -j ${jobId}`,
    fix: [judged === 'unknown' ? `mv ${quoted(folder)} ${quoted(`${folder}.old`)}` : `kill -INT ${holder.pid}`],
  });
}
