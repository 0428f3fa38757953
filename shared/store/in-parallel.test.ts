import { expect, test } from 'vitest';
import { inParallel } from './in-parallel.ts';

test('results come in the order of the items and no more than the limit are at work', async () => {
  let working = 0;
  let most = 0;
  const results = await inParallel([30, 1, 20, 2, 10], 2, async (wait) => {
    most = Math.max(most, ++working);
    await new Promise((resolve) => setTimeout(resolve, wait));
    working -= 1;
    return wait * 2;
  });
  expect(results).toEqual([60, 2, 40, 4, 20]);
  expect(most).toBe(2);
});

test('the first error is thrown once nothing is at work any more, and no new item is begun', async () => {
  const begun: number[] = [];
  let ended = false;
  const all = inParallel([1, 2, 3, 4], 2, async (item) => {
    begun.push(item);
    if (item === 1) throw new Error('first');
    await new Promise((resolve) => setTimeout(resolve, 20));
    ended = true;
  });
  await expect(all).rejects.toThrow('first');
  expect(begun).toEqual([1, 2]);
  expect(ended).toBe(true);
});
