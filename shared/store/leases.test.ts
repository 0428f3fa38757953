import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../../tests/helpers/store-samples.ts';
import type { JobId } from '../contract/ids.ts';
import { openState, type State } from './database.ts';
import { acquireJobLease } from './leases.ts';
import { lookAtProcess, type ProcessIdentity, thisProcess } from './process-identity.ts';
import { forgetGroup, rememberGroup } from './worker-groups.ts';

const job = 'film-001' as JobId;

/** Makes the lease belong to another process. */
function giveTo(state: State, holder: Partial<ProcessIdentity>): void {
  acquireJobLease(state, job);
  const { host, bootId, pidNamespace, pid, startTicks } = { ...thisProcess(), ...holder };
  state.db
    .prepare('UPDATE runner SET host = ?, boot_id = ?, pid_ns = ?, pid = ?, pid_start_ticks = ?')
    .run(host, bootId, pidNamespace, pid, startTicks);
}

function sleeper(): ChildProcess & { readonly pid: number } {
  return spawn('sleep', ['60'], { detached: true, stdio: 'ignore' }) as ChildProcess & { readonly pid: number };
}

test('a lease that is given back can be taken again, with a higher epoch', () => {
  using dir = temporaryFolder();
  using state = openState(dir.path);
  const first = acquireJobLease(state, job);
  first.release();
  const second = acquireJobLease(state, job);
  expect(second.epoch).toBe(first.epoch + 1);
  // An old lease has no power over the new one.
  first.release();
  expect(() => acquireJobLease(state, job)).toThrowError(expect.objectContaining({ code: 'ERR_JOB_LOCKED' }));
});

test('two jobs do not stand in each other’s way', () => {
  using dir = temporaryFolder();
  using state = openState(dir.path);
  using _one = acquireJobLease(state, job);
  using other = acquireJobLease(state, 'film-002' as JobId);
  expect(other.epoch).toBe(1);
});

test('the lease of a living process is refused, naming host, pid, since when and what to do', () => {
  using dir = temporaryFolder();
  using state = openState(dir.path);
  const child = sleeper();
  try {
    giveTo(state, { pid: child.pid, startTicks: lookAtProcess(child.pid)?.startTicks ?? 0 });
    const refused = expect.objectContaining({
      code: 'ERR_JOB_LOCKED',
      exitCode: 8,
      details: expect.objectContaining({
        why: expect.stringMatching(new RegExp(`^Process ${child.pid} on ${thisProcess().host} .* since 2\\d{3}-`)),
        fix: [`kill -INT ${child.pid}`],
      }),
    });
    expect(() => acquireJobLease(state, job)).toThrowError(refused);
  } finally {
    child.kill('SIGKILL');
  }
});

test.each<[string, () => Partial<ProcessIdentity>]>([
  ['ended', () => ({ pid: spawnSync('true').pid, startTicks: 1 })],
  ['lost its pid to another process', () => ({ startTicks: 1 })],
  ['ran before the machine was restarted', () => ({ bootId: 'an earlier one' })],
])('the lease of a process that %s is taken at once', (_, holder) => {
  using dir = temporaryFolder();
  using state = openState(dir.path);
  giveTo(state, holder());
  expect(acquireJobLease(state, job).epoch).toBe(2);
});

test('the lease of a process in another container is refused', () => {
  using dir = temporaryFolder();
  using state = openState(dir.path);
  giveTo(state, { pidNamespace: '1' });
  expect(() => acquireJobLease(state, job)).toThrowError(expect.objectContaining({ code: 'ERR_JOB_LOCKED' }));
});

test('worker groups of a dead runner are killed when its lease is taken; forgotten and reused numbers are left alone', async () => {
  using dir = temporaryFolder();
  using state = openState(dir.path);
  const [orphan, forgotten, reused] = [sleeper(), sleeper(), sleeper()];
  const ended = new Promise((resolve) => orphan.once('exit', (_, signal) => resolve(signal)));
  try {
    for (const { pid } of [orphan, forgotten, reused]) rememberGroup(state, pid);
    forgetGroup(state, forgotten.pid);
    state.db.prepare('UPDATE worker_group SET start_ticks = 1 WHERE pgid = ?').run(reused.pid);
    giveTo(state, { startTicks: 1 });
    acquireJobLease(state, job);
    expect(await ended).toBe('SIGKILL');
    expect(lookAtProcess(forgotten.pid)?.zombie).toBe(false);
    expect(lookAtProcess(reused.pid)?.zombie).toBe(false);
    expect(state.db.prepare('SELECT * FROM worker_group').all()).toEqual([]);
  } finally {
    for (const child of [orphan, forgotten, reused]) child.kill('SIGKILL');
  }
});
