import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { withFolderLock } from './folder-lock.ts';
import { thisProcess } from './process-identity.ts';

describe('a lock in a folder', () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'lock-'));
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  const announce = (pid: number, startTicks: number) => {
    const { host, bootId, pidNamespace } = thisProcess();
    writeFileSync(join(dir, `.lock-one@${[host, bootId, pidNamespace, pid, startTicks, 0].join('~')}`), '');
  };

  test('lets one work at a time, and everybody in the end', async () => {
    let [inside, most, done] = [0, 0, 0];
    const work = async () => {
      inside += 1;
      most = Math.max(most, inside);
      await sleep(20);
      inside -= 1;
      done += 1;
    };
    await Promise.all(Array.from({ length: 4 }, () => withFolderLock({ dir, name: 'one' }, work)));
    expect({ most, done }).toEqual({ most: 1, done: 4 });
    expect(readdirSync(dir)).toEqual([]);
  });

  test('does not stand between two names', async () => {
    const inner = withFolderLock({ dir, name: 'one' }, () =>
      withFolderLock({ dir, name: 'one-more' }, async () => 'done'),
    );
    expect(await inner).toBe('done');
  });

  test('of a dead process is taken at once', async () => {
    announce(2 ** 22 + 1, 1);
    const started = performance.now();
    expect(await withFolderLock({ dir, name: 'one' }, async () => 'mine')).toBe('mine');
    expect(performance.now() - started).toBeLessThan(1_000);
  });

  test('of a process whose pid was used again is taken at once', async () => {
    announce(process.ppid, 1);
    expect(await withFolderLock({ dir, name: 'one' }, async () => 'mine')).toBe('mine');
  });

  test('of a live process is waited for, its pid is told once, and a cancel ends the waiting', async () => {
    announce(process.ppid, 0);
    const waits: number[] = [];
    const signal = AbortSignal.timeout(500);
    const waiting = withFolderLock(
      { dir, name: 'one', onWait: ({ pid }) => waits.push(pid), signal },
      async () => 'never',
    );
    await expect(waiting).rejects.toMatchObject({ code: 'ERR_CANCELLED' });
    expect(waits).toEqual([process.ppid]);
  });

  test('is given back when the work fails', async () => {
    const failing = withFolderLock({ dir, name: 'one' }, () => Promise.reject(new Error('no')));
    await expect(failing).rejects.toThrow('no');
    expect(await withFolderLock({ dir, name: 'one' }, async () => 'next')).toBe('next');
  });
});
