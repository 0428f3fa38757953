import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { thisProcess } from '../../store/process-identity.ts';
import { withStoreLock } from './store-lock.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'store-lock-'));
});
afterEach(() => rmSync(root, { recursive: true }));

const marks = (): readonly string[] => readdirSync(join(root, '.lock'));
/** A mark of a process that this one can judge: same machine, same boot, that pid. */
const mark = (pid: number): string => {
  const { bootId, pidNamespace } = thisProcess();
  return `.lock-store@${[hostname(), bootId, pidNamespace, pid, 1, 0].join('~')}`;
};

test('one works at a time, in the order they came, and the mark is gone afterwards', async () => {
  const events: string[] = [];
  const work = (name: string) => async (): Promise<void> => {
    events.push(`${name} in`);
    await sleep(20);
    events.push(`${name} out`);
  };
  await Promise.all([withStoreLock(root, {}, work('a')), withStoreLock(root, {}, work('b'))]);
  expect(events).toEqual(['a in', 'a out', 'b in', 'b out']);
  expect(marks()).toEqual([]);
});

test('who has it may take it again, and has it until the end of the first', async () => {
  const result = await withStoreLock(root, {}, async () => {
    const inner = await withStoreLock(root, {}, async () => marks().length);
    return [inner, marks().length];
  });
  expect(result).toEqual([1, 1]);
});

test('an error of the work passes, and the lock is free', async () => {
  await expect(withStoreLock(root, {}, () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
  expect(await withStoreLock(root, {}, async () => 'next')).toBe('next');
});

test('a dead holder is taken over at once', async () => {
  mkdirSync(join(root, '.lock'));
  writeFileSync(join(root, '.lock', mark(2 ** 22 - 1)), '');
  const started = performance.now();
  await withStoreLock(root, { onWait: () => expect.unreachable('nobody is there') }, async () => {});
  expect(performance.now() - started).toBeLessThan(2000);
  expect(marks()).toEqual([]);
});

test('waiting for a live holder says for whom, once, and ends with the signal', async () => {
  const controller = new AbortController();
  const told: unknown[] = [];
  // This process's parent lives; a start time that is not known is not compared.
  mkdirSync(join(root, '.lock'));
  writeFileSync(join(root, '.lock', mark(process.ppid).replace(/~1~0$/, '~0~0')), '');
  const waiting = withStoreLock(
    root,
    { signal: controller.signal, onWait: (holder) => told.push(holder) },
    async () => {},
  );
  setTimeout(() => controller.abort(), 400);
  await expect(waiting).rejects.toMatchObject({ code: 'ERR_CANCELLED' });
  expect(told).toEqual([{ host: hostname(), pid: process.ppid }]);
  expect(marks()).toHaveLength(1);
  expect(existsSync(join(root, '.lock', mark(process.pid)))).toBe(false);
});
