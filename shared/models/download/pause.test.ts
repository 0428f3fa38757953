import { expect, test } from 'vitest';
import { pauseMs } from './pause.ts';

const patience = { pauseMs: 500, longestPauseMs: 60_000 };

test('pauses grow twofold, are cut by chance to no less than half, and never exceed the longest', () => {
  expect([1, 2, 3].map((tries) => pauseMs(tries, { patience }, 1))).toEqual([500, 1000, 2000]);
  expect(pauseMs(1, { patience }, 0)).toBe(250);
  expect(pauseMs(30, { patience }, 1)).toBe(60_000);
});

test('what the server asks for counts, within reason', () => {
  expect(pauseMs(1, { afterMs: 7000, patience })).toBe(7000);
  expect(pauseMs(1, { afterMs: 86_400_000, patience })).toBe(60_000);
});
