import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { Candidate } from './scheduler.ts';
import { createScheduler } from './scheduler.ts';

test('what is asked in one turn is looked at together, and the end of one starts the next', async () => {
  const waiting: Candidate[] = [];
  const log: string[] = [];
  let rounds = 0;
  const scheduler = createScheduler({ cpu: 1, ramMiB: 0 }, () => {
    rounds += 1;
    return [...waiting];
  });
  const add = (id: string): void => {
    const candidate: Candidate = {
      id,
      cpu: 1,
      ramMiB: 0,
      seq: waiting.length,
      evicts: false,
      async start() {
        waiting.splice(waiting.indexOf(candidate), 1);
        log.push(`+${id}`);
        await turn();
        log.push(`-${id}`);
      },
    };
    waiting.push(candidate);
    scheduler.poke();
  };
  for (const id of ['a', 'b', 'c']) add(id);
  expect(log).toEqual([]);
  await turn();
  expect(rounds).toBe(1);
  while (scheduler.running > 0 || waiting.length > 0) await turn();
  expect(log).toEqual(['+a', '-a', '+b', '-b', '+c', '-c']);
});

test('who could never start although nothing runs is told, instead of waiting for ever', async () => {
  let told = false;
  const candidate: Candidate = {
    id: 'x',
    cpu: 9,
    ramMiB: 0,
    seq: 1,
    evicts: false,
    start: async () => undefined,
    stalled: () => {
      told = true;
    },
  };
  createScheduler({ cpu: 1, ramMiB: 0 }, () => [candidate]).poke();
  await turn();
  expect(told).toBe(true);
});
