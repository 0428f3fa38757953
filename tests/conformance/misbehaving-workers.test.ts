import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { by, codeOf, isAlive, openRig, pidsOf } from './executor-rig.ts';

describe('workers that misbehave', () => {
  for (const worker of ['worker.py', 'worker.ts'] as const) {
    test(`a request whose worker dies once is answered by the next one (${worker})`, async () => {
      await using rig = openRig({ engines: [{ id: 'translate/fake', worker }] });
      expect(codeOf(await rig.ask(`die-once ${join(rig.dir, 'marker')}`))).toBe('done');
      expect(rig.taskEvents).toContainEqual(
        expect.objectContaining({ type: 'task.retry', code: 'ERR_WORKER_DIED', attempt: 2 }),
      );
      expect(rig.executor.stats()['translate/fake']?.starts).toBe(2);
    });

    test(`a request that kills three workers is poison, and the next request is answered (${worker})`, async () => {
      await using rig = openRig({ engines: [{ id: 'translate/fake', worker }] });
      expect(codeOf(await rig.ask('die'))).toBe('ERR_WORKER_POISONED');
      expect(rig.executor.stats()['translate/fake']?.starts).toBe(3);
      expect(codeOf(await rig.ask('hello'))).toBe('done');
    });

    test(`garbage and answers for somebody else end the worker with ERR_ENGINE_REPLY (${worker})`, async () => {
      await using rig = openRig({ engines: [{ id: 'translate/fake', worker }] });
      for (const text of ['garbage', 'other']) expect(codeOf(await rig.ask(text))).toBe('ERR_ENGINE_REPLY');
      expect(codeOf(await rig.ask('hello'))).toBe('done');
    });

    test(`a worker that loaded another model is never asked (${worker})`, async () => {
      await using rig = openRig({ engines: [{ id: 'translate/fake', worker }] });
      const models = [{ id: 'right', digest: `sha256:${'1'.repeat(64)}` as never }];
      const outcome = await rig.ask('hello', { models, params: { other: true } });
      expect(codeOf(outcome)).toBe('ERR_ENGINE_REPLY');
      expect(outcome).toMatchObject({ failure: { details: { why: expect.stringContaining('instead of right') } } });
      expect(rig.executor.stats()['translate/fake']?.calls).toBe(0);
    });

    test(`a worker that dies and leaves a child with the pipe is noticed within a second (${worker})`, async () => {
      await using rig = openRig({ engines: [{ id: 'translate/fake', worker }] });
      await rig.ask('hello');
      const started = performance.now();
      const outcome = rig.ask('fork');
      while (!rig.taskEvents.some(({ type }) => type === 'task.retry')) await sleep(10);
      expect(performance.now() - started).toBeLessThan(1500);
      expect(codeOf(await outcome)).toBe('ERR_WORKER_POISONED');
    });
  }

  test('an answer given twice is not believed', async () => {
    await using rig = openRig();
    expect(codeOf(await rig.ask('twice'))).toBe('ERR_ENGINE_REPLY');
    expect(codeOf(await rig.ask('hello'))).toBe('done');
  });

  test('an answer that the role does not allow is ERR_ENGINE_REPLY and is not remembered', async () => {
    await using rig = openRig({ engines: [{ id: 'translate/fake' }, { id: 'synthesize/fake' }] });
    const wrong = { ...rig.task('hello', by('synthesize/fake')), role: 'translate' as const };
    for (let round = 0; round < 2; round += 1) {
      const outcome = await rig.executor.submit(wrong, { signal: new AbortController().signal });
      expect(codeOf(outcome)).toBe('ERR_ENGINE_REPLY');
    }
    expect(rig.executor.stats()['synthesize/fake']?.calls).toBe(2);
  });

  test('a worker without a sign of life is killed, and the message names the limit', async () => {
    await using rig = openRig({ timeouts: { workerBeat: 2.5 } });
    const outcome = await rig.ask('hang');
    expect(codeOf(outcome)).toBe('ERR_WORKER_TIMEOUT');
    expect(outcome).toMatchObject({ failure: { details: { why: expect.stringContaining('timeouts.workerBeat') } } });
    await expect.poll(() => pidsOf(rig).filter(isAlive), { timeout: 2_000 }).toEqual([]);
  });

  test('a worker that beats without progress is killed, one that reports progress is not', async () => {
    await using rig = openRig({ timeouts: { workerProgress: 0.4 } });
    const stop = new AbortController();
    const working = rig.ask('wait', {}, stop.signal);
    await sleep(900);
    expect(rig.executor.idle()).toBe(false);
    stop.abort();
    expect(codeOf(await working)).toBe('ERR_CANCELLED');
    const outcome = await rig.ask('sleep 3000');
    expect(codeOf(outcome)).toBe('ERR_WORKER_TIMEOUT');
    expect(outcome).toMatchObject({
      failure: { details: { why: expect.stringContaining('timeouts.workerProgress') } },
    });
  });

  test('a load that fails fails what waits for it, by its own code, and starts one worker', async () => {
    await using rig = openRig();
    const outcomes = await Promise.all(['a', 'b', 'c'].map((text) => rig.ask(text, { params: { fail: true } })));
    expect(outcomes.map(codeOf)).toEqual(Array(3).fill('ERR_MEMORY'));
    expect(rig.executor.stats()['translate/fake']?.starts).toBe(1);
    expect(codeOf(await rig.ask('a'))).toBe('done');
  });

  test('an engine that does not come up is ERR_WORKER_START with its last words, and is tried once', async () => {
    await using rig = openRig({ engines: [{ id: 'translate/fake', broken: true }] });
    const outcome = await rig.ask('hello');
    expect(codeOf(outcome)).toBe('ERR_WORKER_START');
    expect(outcome).toMatchObject({ failure: { details: { why: expect.stringContaining('nothing_here') } } });
    expect(rig.executor.stats()['translate/fake']?.starts).toBe(1);
  });

  test('an engine that is not there is named', async () => {
    await using rig = openRig();
    expect(codeOf(await rig.ask('hello', by('translate/none')))).toBe('ERR_ENGINE_UNKNOWN');
  });
});
