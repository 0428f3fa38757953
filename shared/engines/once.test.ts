import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { Digest, Fingerprint } from '../contract/ids.ts';
import type { TaskAnswer } from '../store/task-memo.ts';
import type { Memo, OnceCall } from './once.ts';
import { createOnce } from './once.ts';

const key = 'k' as Fingerprint;
const object = { digest: `sha256:${'0'.repeat(64)}` as Digest, bytes: 1 };
const signal = new AbortController().signal;

function rig(entries: Record<string, TaskAnswer> = {}, isSound = true) {
  const kept: Record<string, TaskAnswer> = { ...entries };
  let works = 0;
  const memo: Memo = {
    get: (name) => kept[name],
    recall: async (name) => (isSound ? kept[name] : undefined),
    put(name, { reply, objects }) {
      kept[name] = { reply, objects };
    },
    putObject: async () => object,
    objectPath: () => '',
  };
  const once = createOnce(memo);
  const call = (changes: Partial<OnceCall> = {}): ReturnType<typeof once> =>
    once({
      key,
      origin: { role: 'r', engine: 'e' },
      signal,
      parse: (reply) => reply,
      work: async () => ({ reply: ++works, objects: [] }),
      ...changes,
    });
  return { call, kept, works: () => works };
}

describe('once', () => {
  test('the second call of a key is served from the memo', async () => {
    const { call, works } = rig();
    expect(await call()).toEqual({ reply: 1, objects: [], from: 'engine' });
    expect(await call()).toEqual({ reply: 1, objects: [], from: 'memo' });
    expect(works()).toBe(1);
  });

  test('without a key it is done every time and never kept', async () => {
    const { call, kept } = rig();
    await call({ key: null });
    expect((await call({ key: null })).reply).toBe(2);
    expect(kept).toEqual({});
  });

  test('a remembered reply that does not parse is made again', async () => {
    const { call } = rig({ k: { reply: 'old shape', objects: [] } });
    const parse = (reply: unknown): unknown => {
      if (typeof reply !== 'number') throw new TypeError('not a number');
      return reply;
    };
    expect(await call({ parse })).toMatchObject({ reply: 1, from: 'engine' });
  });

  test('a remembered reply with a damaged object is made again', async () => {
    const entries = { k: { reply: 'r', objects: [object] } };
    expect(await rig(entries).call()).toMatchObject({ reply: 'r', from: 'memo' });
    expect(await rig(entries, false).call()).toMatchObject({ reply: 1, from: 'engine' });
  });

  test('a failure reaches everybody who waits, is not kept, and the next call tries again', async () => {
    const { call } = rig();
    const work = async (): Promise<TaskAnswer> => {
      await turn();
      throw new RangeError('no');
    };
    const both = await Promise.allSettled([call({ work }), call()]);
    expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(await call()).toMatchObject({ reply: 1, from: 'engine' });
  });

  test('work goes on while one caller is left, and is called back when the last one leaves', async () => {
    const { call, kept } = rig();
    const stops = [new AbortController(), new AbortController()] as const;
    let recalled = false;
    const work = (workSignal: AbortSignal): Promise<TaskAnswer> =>
      new Promise((_resolve, reject) => {
        workSignal.addEventListener('abort', () => {
          recalled = true;
          reject(new Error('stopped'));
        });
      });
    const calls = stops.map(({ signal: own }) => call({ work, signal: own }).catch((error) => error.code));
    stops[0].abort();
    await turn();
    expect(recalled).toBe(false);
    stops[1].abort();
    expect(await Promise.all(calls)).toEqual(['ERR_CANCELLED', 'ERR_CANCELLED']);
    expect(recalled).toBe(true);
    expect(kept).toEqual({});
    expect(await call()).toMatchObject({ from: 'engine' });
  });
});
