import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { isAlive, judgeProcess, lookAtProcess, thisProcess } from './process-identity.ts';

const mine = thisProcess();

test('this process is alive, and another start time makes it another process', () => {
  expect(judgeProcess(mine, mine)).toBe('alive');
  expect(judgeProcess({ ...mine, startTicks: mine.startTicks - 1 }, mine)).toBe('dead');
});

test('a process that ended is dead', () => {
  const { pid } = spawnSync('true');
  expect(judgeProcess({ ...mine, pid, startTicks: 0 }, mine)).toBe('dead');
});

test('a zombie is dead', async () => {
  // The inner process ends at once; its parent sleeps and never waits for it.
  const parent = spawn('python3', [
    '-c',
    'import os,time\np=os.fork()\nif p==0: os._exit(0)\nprint(p,flush=True)\ntime.sleep(60)',
  ]);
  try {
    const [line] = (await once(parent.stdout, 'data')) as [Buffer];
    const pid = Number(line.toString());
    await expect.poll(() => lookAtProcess(pid)?.zombie).toBe(true);
    expect(isAlive(pid, 0)).toBe(false);
  } finally {
    parent.kill('SIGKILL');
  }
});

test('after a restart of the machine every earlier process is dead', () => {
  expect(judgeProcess({ ...mine, bootId: 'another', pidNamespace: 'another' }, mine)).toBe('dead');
});

test('a process of another container or machine cannot be judged', () => {
  expect(judgeProcess({ ...mine, pidNamespace: '1' }, mine)).toBe('unknown');
  expect(judgeProcess({ ...mine, host: 'elsewhere', bootId: 'another' }, mine)).toBe('unknown');
});

test('a machine that was given another name meanwhile is still the same', () => {
  expect(judgeProcess({ ...mine, host: 'renamed' }, mine)).toBe('alive');
});
