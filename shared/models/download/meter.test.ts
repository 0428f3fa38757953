import { expect, test } from 'vitest';
import type { FetchProgress } from './fetch-options.ts';
import { createMeter } from './meter.ts';

const file = { model: 'asr.test', path: 'model.bin' };

function run(): {
  readonly seen: FetchProgress[];
  readonly at: (ms: number, bytes: number) => void;
  readonly flush: () => void;
} {
  const seen: FetchProgress[] = [];
  let now = 0;
  const meter = createMeter({ totalBytes: 1000, onProgress: (progress) => seen.push(progress), now: () => now });
  return {
    seen,
    flush: meter.flush,
    at(ms, bytes) {
      now = ms;
      meter.at('key', bytes, file);
    },
  };
}

test('it speaks at most five times a second, and at the end', () => {
  const { seen, at, flush } = run();
  for (let ms = 0; ms < 1000; ms += 10) at(ms, ms);
  expect(seen).toHaveLength(5);
  flush();
  expect(seen.at(-1)).toMatchObject({ doneBytes: 990, totalBytes: 1000, now: 'asr.test: model.bin' });
});

test('what an earlier download left is done and is not speed', () => {
  const { seen, at } = run();
  at(0, 600);
  at(1000, 700);
  expect(seen[1]).toMatchObject({ doneBytes: 700, bytesPerSecond: 100, secondsLeft: 3 });
});

test('a start from zero takes back what was done and is not negative speed', () => {
  const { seen, at } = run();
  at(0, 0);
  at(500, 800);
  at(1000, 0);
  expect(seen.at(-1)).toMatchObject({ doneBytes: 0, bytesPerSecond: 800 });
});
