import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { orderedEach } from './ordered-each.ts';

const never = new AbortController().signal;

async function* count(to: number, onReturn: () => void = () => {}): AsyncGenerator<number> {
  try {
    for (let at = 0; at < to; at += 1) yield at;
  } finally {
    onReturn();
  }
}

/** Work that is begun and ended by hand. */
function handWork() {
  const begun: number[] = [];
  const open = new Map<number, PromiseWithResolvers<string>>();
  return {
    begun,
    work(item: number): Promise<string> {
      begun.push(item);
      const promise = Promise.withResolvers<string>();
      open.set(item, promise);
      return promise.promise;
    },
    end: (item: number): void => open.get(item)?.resolve(`done ${item}`),
    fail: (item: number): void => open.get(item)?.reject(new Error(`failed ${item}`)),
  };
}
const settle = async (): Promise<void> => {
  for (let round = 0; round < 5; round += 1) await turn();
};

describe('ordered work over a stream', () => {
  it('gives all results in the order of the items, whatever ends first, and never has more than `ahead` in flight', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat(4), { maxLength: 30 }),
        fc.integer({ min: 1, max: 8 }),
        async (delays, ahead) => {
          let inFlight = 0;
          let most = 0;
          const work = async (at: number): Promise<number> => {
            inFlight += 1;
            most = Math.max(most, inFlight);
            for (let rest = delays[at] ?? 0; rest > 0; rest -= 1) await turn();
            inFlight -= 1;
            return at * 10;
          };
          const results: number[] = [];
          for await (const result of orderedEach(count(delays.length), work, { ahead, signal: never }))
            results.push(result);
          expect(results).toEqual(delays.map((_, at) => at * 10));
          expect(most).toBeLessThanOrEqual(ahead);
        },
      ),
      { numRuns: 50 },
    );
  });

  it('begins exactly `ahead` items, and one more for each result that is taken', async () => {
    const hand = handWork();
    const results = orderedEach(count(10), hand.work, { ahead: 3, signal: never });
    const first = results.next();
    await settle();
    expect(hand.begun).toEqual([0, 1, 2]);
    hand.end(1);
    hand.end(2);
    await settle();
    expect(hand.begun, 'what waits for its turn still counts').toEqual([0, 1, 2]);
    hand.end(0);
    expect(await first).toMatchObject({ value: 'done 0' });
    await settle();
    expect(hand.begun).toEqual([0, 1, 2, 3]);
    expect(await results.next()).toMatchObject({ value: 'done 1' });
    expect(await results.next()).toMatchObject({ value: 'done 2' });
    await settle();
    expect(hand.begun).toEqual([0, 1, 2, 3, 4, 5]);
    await results.return(undefined);
  });

  it('with one ahead does one after the other', async () => {
    const hand = handWork();
    const results = orderedEach(count(2), hand.work, { ahead: 1, signal: never });
    const first = results.next();
    await settle();
    expect(hand.begun).toEqual([0]);
    hand.end(0);
    await first;
    await settle();
    expect(hand.begun).toEqual([0, 1]);
    await results.return(undefined);
  });

  it('gives what came before a failure, then the failure of the first item that failed, not of the first in time', async () => {
    const hand = handWork();
    const results = orderedEach(count(3), hand.work, { ahead: 3, signal: never });
    const first = results.next();
    await settle();
    hand.fail(2);
    await settle();
    hand.fail(1);
    hand.end(0);
    expect(await first).toMatchObject({ value: 'done 0' });
    await expect(results.next()).rejects.toThrow('failed 1');
    expect(await results.next()).toMatchObject({ done: true });
  });

  it('passes an error of the items on after the results before it', async () => {
    const items = async function* () {
      yield 1;
      throw new Error('the producer died');
    };
    const results = orderedEach(items(), async (item) => item, { ahead: 4, signal: never });
    expect(await results.next()).toMatchObject({ value: 1 });
    await expect(results.next()).rejects.toThrow('the producer died');
  });

  it('whose reader leaves early begins nothing more and closes the items', async () => {
    const begun: number[] = [];
    let closed = 0;
    const items = count(100, () => {
      closed += 1;
    });
    for await (const result of orderedEach(items, async (item) => begun.push(item), { ahead: 4, signal: never })) {
      if (result === 3) break;
    }
    await settle();
    const after = begun.length;
    await settle();
    expect(begun.length).toBe(after);
    expect(after).toBeLessThanOrEqual(7);
    expect(closed).toBe(1);
  });

  it('ends with the reason of its signal', async () => {
    const stop = new AbortController();
    const results = orderedEach(count(5), async (item) => item, { ahead: 2, signal: stop.signal });
    expect(await results.next()).toMatchObject({ value: 0 });
    stop.abort(new Error('stopped'));
    await expect(results.next()).rejects.toThrow('stopped');
  });
});
