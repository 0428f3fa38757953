import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { Fingerprint } from '../../shared/contract/ids.ts';
import { by, codeOf, isAlive, openRig, pidsOf, replyOf } from './executor-rig.ts';

const never = new AbortController().signal;
describe('the memo', () => {
  test('a task done once starts no engine again, also in the next run', async () => {
    await using rig = openRig();
    expect(replyOf(await rig.ask('hello'))).toEqual({ text: 'HELLO', unknownWords: [] });
    await rig.reopen();
    const again = await rig.ask('hello');
    expect(again).toMatchObject({ status: 'done', from: 'memo', reply: { text: 'HELLO' } });
    expect(rig.executor.stats()).toEqual({
      'translate/fake': { starts: 0, loads: 0, calls: 0, memoHits: 1, cpuMs: 0, peakRssMiB: 0 },
    });
  });

  test('the same task asked five times at once is one call', async () => {
    await using rig = openRig();
    const outcomes = await Promise.all(Array.from({ length: 5 }, () => rig.ask('sleep 50')));
    expect(outcomes.map((outcome) => replyOf(outcome).text)).toEqual(Array(5).fill('SLEEP 50'));
    expect(rig.executor.stats()['translate/fake']).toMatchObject({ calls: 1, loads: 1, starts: 1 });
  });

  test('nothing is remembered while the identity of the environment is not known', async () => {
    await using rig = openRig();
    const engine = { id: 'translate/fake', version: '1', environment: null };
    await rig.ask('hello', { engine });
    expect(await rig.ask('hello', { engine })).toMatchObject({ from: 'engine' });
  });

  test('another parameter, model or version is another task', async () => {
    await using rig = openRig();
    await rig.ask('hello');
    const digest = `sha256:${'1'.repeat(64)}` as never;
    expect(await rig.ask('hello', { params: { beam: 1 } })).toMatchObject({ from: 'engine' });
    expect(await rig.ask('hello', { models: [{ id: 'm', digest }] })).toMatchObject({ from: 'engine' });
    expect(await rig.ask('hello', { engine: { ...rig.task('').engine, version: '2' } })).toMatchObject({
      from: 'engine',
    });
    expect(await rig.ask('hello', { runtime: { threads: 2, device: 'cpu' } })).toMatchObject({ from: 'memo' });
  });

  test('a failure is not remembered', async () => {
    await using rig = openRig();
    expect(codeOf(await rig.ask('refuse'))).toBe('ERR_ENGINE_REFUSED');
    expect(codeOf(await rig.ask('refuse'))).toBe('ERR_ENGINE_REFUSED');
    expect(rig.executor.stats()['translate/fake']?.calls).toBe(2);
  });

  test('a result file becomes an object, and nothing is left in the folder of the run', async () => {
    await using rig = openRig({ engines: [{ id: 'synthesize/fake' }] });
    const outcome = await rig.ask('spoken');
    const { audio } = replyOf(outcome) as { audio: { $object: string; bytes: number } };
    expect(audio.bytes).toBe(6);
    expect(outcome).toMatchObject({ objects: [audio.$object] });
    expect(readdirSync(join(rig.dir, 'scratch-1', 'w-1', 'run'))).toEqual([]);
    expect(await rig.ask('spoken')).toMatchObject({ from: 'memo', reply: { audio } });
  });
});

describe('batches', () => {
  test('4 jobs of 50 lines on an engine of width 16 cost at most 14 calls of it', async () => {
    await using rig = openRig({ engines: [{ id: 'translate/fake', batch: 16, forward: true }] });
    const job = (name: string) => Promise.all(Array.from({ length: 50 }, (_, line) => rig.ask(`${name} ${line}`)));
    const all = (await Promise.all(['a', 'b', 'c', 'd'].map(job))).flat();
    expect(new Set(all.map((outcome) => replyOf(outcome).text)).size).toBe(200);
    const { calls, loads, starts } = rig.executor.stats()['translate/fake'] ?? {};
    expect({ loads, starts }).toEqual({ loads: 1, starts: 1 });
    expect(calls).toBeLessThanOrEqual(14);
  });

  test('a failed call of a whole batch is found out one by one', async () => {
    await using rig = openRig({ engines: [{ id: 'translate/fake', batch: 4, forward: true }] });
    const codes = (await Promise.all(['a', 'b', 'raise oops', 'c'].map((text) => rig.ask(text)))).map(codeOf);
    expect(codes).toEqual(['done', 'done', 'ERR_ENGINE_REFUSED', 'done']);
  });

  test('one bad request among eight fails alone', async () => {
    await using rig = openRig({ engines: [{ id: 'translate/fake', batch: 8 }] });
    const texts = ['a', 'b', 'refuse', 'c', 'raise oops', 'd', 'e', 'f'];
    const codes = (await Promise.all(texts.map((text) => rig.ask(text)))).map(codeOf);
    expect(codes.filter((code) => code === 'done')).toHaveLength(6);
    expect([codes[2], codes[4]]).toEqual(['ERR_ENGINE_REFUSED', 'ERR_ENGINE_REFUSED']);
  });

  test('a request that kills workers is found among its companions, and they are answered', async () => {
    await using rig = openRig({ engines: [{ id: 'translate/fake', batch: 8 }] });
    const codes = (await Promise.all(['a', 'die', 'b', 'c'].map((text) => rig.ask(text)))).map(codeOf);
    expect(codes).toEqual(['done', 'ERR_WORKER_POISONED', 'done', 'done']);
    expect(rig.executor.stats()['translate/fake']?.starts).toBe(4);
  });
});

describe('cancel and close', () => {
  test('a cancelled task ends at once, its worker lives on', async () => {
    await using rig = openRig();
    await rig.ask('hello');
    const stop = new AbortController();
    const outcome = rig.ask('wait', {}, stop.signal);
    await rig.reached(2);
    stop.abort();
    expect(codeOf(await outcome)).toBe('ERR_CANCELLED');
    expect(codeOf(await rig.ask('next'))).toBe('done');
    expect(rig.executor.stats()['translate/fake']?.starts).toBe(1);
  });

  test('a worker that ignores the cancel is killed after the limit', async () => {
    await using rig = openRig({ timeouts: { cancel: 0.3 } });
    const stop = new AbortController();
    const outcome = rig.ask('sleep 20000', {}, stop.signal);
    await rig.reached(1);
    // A cancel that comes before the request is begun is heard; it has to be asleep to ignore it.
    await sleep(300);
    stop.abort();
    expect(codeOf(await outcome)).toBe('ERR_CANCELLED');
    expect(codeOf(await rig.ask('next'))).toBe('done');
    expect(rig.executor.stats()['translate/fake']?.starts).toBe(2);
  });

  test('who shares a call with one that is cancelled still gets the answer', async () => {
    await using rig = openRig();
    const stop = new AbortController();
    const first = rig.ask('sleep 200', {}, stop.signal);
    const second = rig.ask('sleep 200');
    await rig.reached(1);
    stop.abort();
    expect(codeOf(await first)).toBe('ERR_CANCELLED');
    expect(codeOf(await second)).toBe('done');
  });

  test('closing ends running and waiting tasks, and leaves no process and no scratch', async () => {
    const rig = openRig({ engines: [{ id: 'translate/fake' }, { id: 'translate/other' }], timeouts: { cancel: 0.5 } });
    await rig.ask('hello');
    const running = ['sleep 20000', 'queued'].map((text) => rig.ask(text));
    await rig.reached(2);
    const started = performance.now();
    await rig.executor.close();
    expect(performance.now() - started).toBeLessThan(2_000);
    expect((await Promise.all(running)).map(codeOf)).toEqual(['ERR_CANCELLED', 'ERR_CANCELLED']);
    for (const pid of pidsOf(rig)) expect(isAlive(pid)).toBe(false);
    expect(existsSync(join(rig.dir, 'scratch-1'))).toBe(false);
    expect(codeOf(await rig.ask('late'))).toBe('ERR_CANCELLED');
    await rig[Symbol.asyncDispose]();
  });
});

describe('resources', () => {
  test('large and small tasks and tools share two cpus without a deadlock, and never more than two run', async () => {
    await using rig = openRig({
      engines: [
        { id: 'translate/big', cpu: 2 },
        { id: 'translate/small', cpu: 1 },
      ],
    });
    let cpus = 0;
    let most = 0;
    const hold = async (cpu: number): Promise<void> => {
      cpus += cpu;
      most = Math.max(most, cpus);
      await sleep(5);
      cpus -= cpu;
    };
    const work = Array.from({ length: 12 }, (_, n) => [
      rig.ask(`sleep ${n % 7}`, by('translate/big')).then(codeOf),
      rig.ask(`sleep ${n % 5}`, by('translate/small')).then(codeOf),
      rig.executor.tool({ cpu: 1 + (n % 2) }, () => hold(1 + (n % 2)), never).then(() => 'done'),
    ]).flat();
    expect(new Set(await Promise.all(work))).toEqual(new Set(['done']));
    expect(most).toBeLessThanOrEqual(2);
    expect(rig.executor.idle()).toBe(true);
  });

  test('an idle worker leaves when another engine needs its memory', async () => {
    await using rig = openRig({
      engines: [
        { id: 'translate/a', ramMiB: 60 },
        { id: 'translate/b', ramMiB: 60 },
      ],
      ramMiB: 100,
    });
    await rig.ask('hello', by('translate/a'));
    const [first] = pidsOf(rig);
    await rig.ask('hello', by('translate/b'));
    expect(isAlive(first as number)).toBe(false);
    expect(codeOf(await rig.ask('again', by('translate/a')))).toBe('done');
  });

  test('two engines that do not fit together do not take turns for every task', async () => {
    await using rig = openRig({
      engines: [
        { id: 'translate/a', ramMiB: 60 },
        { id: 'translate/b', ramMiB: 60 },
      ],
      ramMiB: 100,
    });
    const work = Array.from({ length: 10 }, (_, n) =>
      ['translate/a', 'translate/b'].map((id) => rig.ask(`t${n}`, by(id))),
    ).flat();
    expect(new Set((await Promise.all(work)).map(codeOf))).toEqual(new Set(['done']));
    expect(pidsOf(rig)).toHaveLength(2);
  });

  test('what can never run is refused at once with the figures', async () => {
    await using rig = openRig({ engines: [{ id: 'translate/a', ramMiB: 600 }], ramMiB: 500 });
    const outcome = await rig.ask('hello');
    expect(outcome).toMatchObject({
      failure: { code: 'ERR_IMPOSSIBLE', details: { why: expect.stringMatching(/600.*500/) } },
    });
    await expect(rig.executor.tool({ cpu: 3 }, async () => 1, never)).rejects.toMatchObject({ code: 'ERR_IMPOSSIBLE' });
    expect(pidsOf(rig)).toEqual([]);
  });

  test('prewarm starts the worker before the first task', async () => {
    await using rig = openRig();
    rig.executor.prewarm(rig.task(''));
    while (!rig.events.some(({ type }) => type === 'worker.ready')) await sleep(10);
    expect(codeOf(await rig.ask('hello'))).toBe('done');
    expect(rig.executor.stats()['translate/fake']?.starts).toBe(1);
  });
});

describe('local work', () => {
  test('a step is done once for its key, and its file becomes an object', async () => {
    await using rig = openRig();
    const key = 'a'.repeat(64) as Fingerprint;
    let times = 0;
    const step = () =>
      rig.executor.memoised(
        { key, cpu: 1, reply: z.object({ n: z.number(), out: z.unknown() }), signal: never },
        async ({ dir }) => {
          times += 1;
          const { writeFile } = await import('node:fs/promises');
          await writeFile(join(dir, 'x.bin'), 'bytes');
          return { value: { n: 7 }, files: { out: join(dir, 'x.bin') } };
        },
      );
    const first = await step();
    expect(first).toMatchObject({ from: 'engine', reply: { n: 7, out: { bytes: 5 } } });
    expect(await step()).toEqual({ ...first, from: 'memo' });
    expect(times).toBe(1);
  });

  test('a tool that waits leaves when it is cancelled, and what a tool throws comes out as it is', async () => {
    await using rig = openRig({ cpus: 1 });
    const stop = new AbortController();
    const busy = rig.executor.tool({ cpu: 1 }, () => sleep(100), never);
    const waiting = rig.executor.tool({ cpu: 1 }, async () => 1, stop.signal);
    stop.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'ERR_CANCELLED' });
    await busy;
    const bug = new TypeError('a bug');
    await expect(rig.executor.tool({ cpu: 1 }, () => Promise.reject(bug), never)).rejects.toBe(bug);
  });
});

test('a small task through memo, admission, pool and worker costs the runner little', async () => {
  await using rig = openRig();
  await rig.ask('warm');
  const before = process.cpuUsage();
  for (let n = 0; n < 300; n += 1) await rig.ask(`line ${n}`);
  const { user, system } = process.cpuUsage(before);
  // Time on the processor, because other programs share the machine. Measured: 0.35 ms, most of it the memo's commit.
  expect((user + system) / 1000 / 300).toBeLessThan(3);
});
