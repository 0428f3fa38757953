import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { WireModel } from '../../shared/contract/protocol.ts';
import type { Role } from '../../shared/contract/roles/index.ts';
import { ROLES } from '../../shared/contract/roles/index.ts';
import type { RawWorker, WorkerCommand } from './raw-worker.ts';
import { startRawWorker } from './raw-worker.ts';

export interface WorkerUnderTest {
  /** `role/name`. */
  readonly engine: string;
  readonly role: Role;
  readonly command: WorkerCommand;
  readonly models: readonly WireModel[];
  readonly params: Readonly<Record<string, unknown>>;
  /** A small request that it answers, as a worker sees it. */
  readonly request: unknown;
  /** A request that it must refuse. */
  readonly refused: unknown;
}

const LEAVE_MS = 2_000;

/** What every worker must do, whatever it computes (docs/concepts.md). */
export function describeWorker(name: string, worker: () => WorkerUnderTest | Promise<WorkerUnderTest>): void {
  const greeted = async (): Promise<{ readonly raw: RawWorker; readonly under: WorkerUnderTest }> => {
    const under = await worker();
    const raw = startRawWorker(under.command);
    raw.send({ type: 'hello', protocol: 1 });
    return { raw, under };
  };
  const load = (raw: RawWorker, { models, params }: WorkerUnderTest): void =>
    raw.send({ type: 'load', models, params, device: 'cpu', threads: 1 });
  const run = (raw: RawWorker, under: WorkerUnderTest, id: string, requests: readonly unknown[]): void =>
    raw.send({ type: 'run', id, op: ROLES[under.role].op, requests, dir: raw.dir });
  const loaded = async (): Promise<{ readonly raw: RawWorker; readonly under: WorkerUnderTest }> => {
    const { raw, under } = await greeted();
    await raw.next('ready');
    load(raw, under);
    await raw.next('loaded');
    return { raw, under };
  };
  /** The answers of one run by index, and its counters. */
  const finish = async (raw: RawWorker, count: number) => {
    const seen: Record<number, string> = {};
    for (let index = 0; index < count; index += 1) {
      const message = await raw.nextAny(60_000);
      if (message.type === 'beat' || message.type === 'progress') index -= 1;
      else if (message.type === 'result') seen[message.index] = 'result';
      else if (message.type === 'failed') seen[message.index ?? -1] = message.code;
      else throw new Error(JSON.stringify(message));
    }
    return { seen, done: await raw.next('done') };
  };

  describe(`the worker of ${name}`, () => {
    test('greets with its name and process id', async () => {
      const { raw, under } = await greeted();
      await using _ = raw;
      expect(await raw.next('ready')).toMatchObject({ protocol: 1, engine: under.engine, pid: raw.pid });
    });

    test('echoes the models it loaded, and a second load replaces the first', async () => {
      const { raw, under } = await loaded();
      await using _ = raw;
      load(raw, under);
      const { models } = await raw.next('loaded');
      expect(models).toEqual(under.models.map(({ id, digest }) => ({ id, digest })));
      run(raw, under, 'a', [under.request]);
      const { done } = await finish(raw, 1);
      expect(done.counters.loads).toBe(2);
    });

    test('answers every request of a run once, in the shape of its role, and counts', async () => {
      const { raw, under } = await loaded();
      await using _ = raw;
      run(raw, under, 'a', [under.request, under.request]);
      const { seen, done } = await finish(raw, 2);
      expect(seen).toEqual({ 0: 'result', 1: 'result' });
      expect(done).toMatchObject({ id: 'a', counters: { loads: 1 } });
      expect(done.counters.calls).toBeGreaterThan(0);
      expect(done.counters.peakRssMiB).toBeGreaterThan(1);
      run(raw, under, 'b', [under.request]);
      const answer = await raw.next('result');
      const objects = Object.keys(answer.files ?? {}).map((field) => [
        field,
        { $object: `sha256:${'0'.repeat(64)}`, bytes: 1 },
      ]);
      ROLES[under.role].reply.parse({ ...answer.value, ...Object.fromEntries(objects) });
      expect((await raw.next('done')).counters.loads).toBe(0);
    });

    test('refuses an unknown operation and lives on', async () => {
      const { raw, under } = await loaded();
      await using _ = raw;
      raw.send({ type: 'run', id: 'a', op: 'dance', requests: [under.request], dir: raw.dir });
      expect(await raw.next('failed')).toMatchObject({ id: 'a', retryable: false });
      run(raw, under, 'b', [under.request]);
      expect((await finish(raw, 1)).seen).toEqual({ 0: 'result' });
    });

    test('refuses a bad request alone: the ones beside it are answered', async () => {
      const { raw, under } = await loaded();
      await using _ = raw;
      run(raw, under, 'a', [under.request, under.refused, under.request]);
      const { seen } = await finish(raw, 3);
      expect(seen).toMatchObject({ 0: 'result', 2: 'result' });
      expect(seen[1]).toMatch(/^ERR_/);
    });

    test('refuses to run before anything is loaded', async () => {
      const { raw, under } = await greeted();
      await using _ = raw;
      await raw.next('ready');
      run(raw, under, 'a', [under.request]);
      expect(await raw.next('failed')).toMatchObject({ id: 'a' });
    });

    test('refuses a line of more than 1 MiB with the id of its run, and lives on', async () => {
      const { raw, under } = await loaded();
      await using _ = raw;
      run(raw, under, 'big', ['x'.repeat(1 << 20)]);
      const failed = await raw.next('failed');
      expect(failed).toMatchObject({ id: 'big' });
      expect(failed.message).toContain('1048576');
      run(raw, under, 'b', [under.request]);
      expect((await finish(raw, 1)).seen).toEqual({ 0: 'result' });
    });

    test('ends a cancelled run within 2 s and answers the next one', async () => {
      const { raw, under } = await loaded();
      await using _ = raw;
      run(raw, under, 'long', Array(50).fill(under.request));
      raw.send({ type: 'cancel', id: 'long' });
      const deadline = Date.now() + 2_000;
      for (;;) {
        const message = await raw.nextAny(Math.max(1, deadline - Date.now()));
        if (message.type === 'done' || (message.type === 'failed' && message.index === undefined)) break;
      }
      run(raw, under, 'b', [under.request]);
      expect((await finish(raw, 1)).seen).toEqual({ 0: 'result' });
    });

    test('beats every 2 s while it has nothing to do', async () => {
      const { raw } = await loaded();
      await using _ = raw;
      expect((await raw.nextAny(3_000)).type).toBe('beat');
      expect((await raw.nextAny(3_000)).type).toBe('beat');
    });

    test('ends by itself within 2 s of the end of its input, idle or in a run', async () => {
      for (const busy of [false, true]) {
        const { raw, under } = await loaded();
        await using _ = raw;
        if (busy) run(raw, under, 'long', Array(2_000).fill(under.request));
        await sleep(100);
        raw.closeInput();
        expect(await Promise.race([raw.exited, sleep(LEAVE_MS, 'still alive')])).not.toBe('still alive');
      }
    });

    test('leaves when told to, with status 0', async () => {
      const { raw } = await loaded();
      await using _ = raw;
      raw.send({ type: 'shutdown' });
      expect(await Promise.race([raw.exited, sleep(LEAVE_MS, 'still alive')])).toMatchObject({ code: 0 });
    });
  });
}
