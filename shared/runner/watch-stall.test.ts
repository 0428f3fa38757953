import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { smallStage } from '../../tests/helpers/small-manifest.ts';
import type { JobEvent } from '../contract/event.ts';
import type { StageRecord } from '../contract/record.ts';
import type { EventLog } from './event-log.ts';
import type { StageRun } from './run-stage.ts';
import { watchStall } from './watch-stall.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

function fakeRun(id: string, waiting: string | null) {
  const finished = Promise.withResolvers<StageRecord>();
  finished.promise.catch(() => {});
  const run: StageRun = {
    stage: smallStage({ id }),
    opened: new Promise(() => {}),
    finished: finished.promise,
    waiting: () => waiting,
    abort: new AbortController(),
  };
  return { run, finished };
}

function fakeWorld(...entries: readonly (readonly [string, string | null])[]) {
  const fakes = entries.map(([id, waiting]) => fakeRun(id, waiting));
  const listeners: ((event: JobEvent) => void)[] = [];
  const world = { idle: true };
  const events: EventLog = {
    epoch: 1,
    emit: () => {
      for (const listener of listeners) listener({} as JobEvent);
    },
    subscribe: (listener) => void listeners.push(listener),
    [Symbol.dispose]: () => {},
  };
  const runs = new Map(fakes.map(({ run }) => [run.stage.id, run]));
  const watch = watchStall({ runs, executor: { idle: () => world.idle }, events, seconds: 20 });
  return { fakes, world, events, watch, reasons: () => fakes.map(({ run }) => run.abort.signal.reason as unknown) };
}

describe('the watch for stages that wait for each other', () => {
  it('ends all of them after the limit with who waits for whom', () => {
    const { reasons } = fakeWorld(['asr', 'vad.regions'], ['vad', null]);
    vi.advanceTimersByTime(19_000);
    expect(reasons()).toEqual([undefined, undefined]);
    vi.advanceTimersByTime(2_000);
    for (const reason of reasons()) expect(reason).toMatchObject({ code: 'ERR_STALL', exitCode: 70 });
    expect(reasons()[0]).toMatchObject({
      details: { why: 'For 20 s: asr waits for vad.regions; vad waits for something of its own.' },
    });
  });

  it('waits as long as anything is in flight or queued, and counts from the end of it', () => {
    const { reasons, world } = fakeWorld(['asr', null]);
    world.idle = false;
    vi.advanceTimersByTime(3_600_000);
    world.idle = true;
    vi.advanceTimersByTime(18_000);
    expect(reasons()).toEqual([undefined]);
    vi.advanceTimersByTime(4_000);
    expect(reasons()[0]).toMatchObject({ code: 'ERR_STALL' });
  });

  it('takes every event for a sign of life', () => {
    const { reasons, events } = fakeWorld(['asr', null]);
    for (let round = 0; round < 10; round += 1) {
      vi.advanceTimersByTime(15_000);
      events.emit({ type: 'note', message: 'still here' });
    }
    expect(reasons()).toEqual([undefined]);
  });

  it('says nothing of stages that are finished, well or badly, and nothing at all when none is open', async () => {
    const { reasons, fakes } = fakeWorld(['asr', null], ['vad', 'extract'], ['mux', 'asr']);
    fakes[0]?.finished.resolve({} as StageRecord);
    fakes[1]?.finished.reject(new Error('failed'));
    await Promise.resolve();
    await Promise.resolve();
    vi.advanceTimersByTime(22_000);
    expect(reasons()[2]).toMatchObject({ details: { why: 'For 20 s: mux waits for asr.' } });

    const ended = fakeWorld(['asr', null]);
    ended.fakes[0]?.finished.resolve({} as StageRecord);
    await Promise.resolve();
    vi.advanceTimersByTime(3_600_000);
    expect(ended.reasons()).toEqual([undefined]);
  });

  it('stops with the run', () => {
    const { reasons, watch } = fakeWorld(['asr', null]);
    watch[Symbol.dispose]();
    vi.advanceTimersByTime(3_600_000);
    expect(reasons()).toEqual([undefined]);
    expect(vi.getTimerCount()).toBe(0);
  });
});
