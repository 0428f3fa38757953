import { expect, test } from 'vitest';
import type { JobId } from '../../shared/contract/ids.ts';
import { openState } from '../../shared/store/database.ts';
import { acquireJobLease } from '../../shared/store/leases.ts';
import { openTaskMemo } from '../../shared/store/task-memo.ts';
import { startStoreProcess } from '../helpers/store-process.ts';
import { temporaryFolder } from '../helpers/store-samples.ts';

test('two processes memoise side by side into a new memo and lose nothing', async () => {
  using dir = temporaryFolder();
  const both = ['left', 'right'].map((name) => startStoreProcess(['memoise', dir.path, name]));
  expect(await Promise.all(both.map((one) => one.line()))).toEqual(['done', 'done']);
  expect(await Promise.all(both.map((one) => one.ended()))).toEqual([0, 0]);
  using memo = openTaskMemo(dir.path);
  for (let n = 0; n < 300; n += 1) {
    for (const key of n % 2 === 0 ? [`shared ${n}`] : [`left ${n}`, `right ${n}`]) {
      expect((await memo.recall(key))?.reply).toEqual({ key });
    }
  }
});

test('four processes that open a new state database at once all get in', async () => {
  using dir = temporaryFolder();
  const all = Array.from({ length: 4 }, () => startStoreProcess(['openAndWrite', dir.path]));
  expect(new Set(await Promise.all(all.map((one) => one.line())))).toEqual(new Set(['done']));
  await Promise.all(all.map((one) => one.ended()));
  using state = openState(dir.path);
  expect(state.db.prepare('SELECT count(*) AS n FROM file_digest').get()).toEqual({ n: 40 });
});

test('the lease of a living process is refused, and taken at once when it was killed', async () => {
  using dir = temporaryFolder();
  const job = 'film-001' as JobId;
  const holder = startStoreProcess(['hold', dir.path, job]);
  try {
    expect(await holder.line()).toBe('epoch 1');
    using state = openState(dir.path);
    const refused = expect.objectContaining({
      code: 'ERR_JOB_LOCKED',
      details: expect.objectContaining({ fix: [`kill -INT ${holder.child.pid}`] }),
    });
    expect(() => acquireJobLease(state, job)).toThrowError(refused);
    await holder.kill();
    using lease = acquireJobLease(state, job);
    expect(lease.epoch).toBe(2);
  } finally {
    holder.child.kill('SIGKILL');
  }
});
