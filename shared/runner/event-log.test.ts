import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { JobEvent } from '../contract/event.ts';
import { openEventLog } from './event-log.ts';

let dir: string;
let path: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'events-'));
  path = join(dir, 'events.jsonl');
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const note = (message: string) => ({ type: 'note', message }) as const;
const linesOf = (): readonly string[] => readFileSync(path, 'utf8').split('\n');
const eventsOf = (): readonly JobEvent[] =>
  linesOf().flatMap((line) => {
    try {
      return [JSON.parse(line) as JobEvent];
    } catch {
      return [];
    }
  });
const writeRun = (...messages: readonly string[]): void => {
  using log = openEventLog(path, 'job-1');
  for (const message of messages) log.emit(note(message));
};

describe('the event log of a job', () => {
  it('numbers events over all its runs, and the runs', () => {
    writeRun('a', 'b');
    writeRun('c');
    expect(eventsOf()).toMatchObject([
      { seq: 1, epoch: 1, message: 'a', v: 1, jobId: 'job-1', type: 'note' },
      { seq: 2, epoch: 1, message: 'b' },
      { seq: 3, epoch: 2, message: 'c' },
    ]);
    expect(linesOf().at(-1)).toBe('');
  });

  it('hands each event to every subscriber as it stands in the file, in order', () => {
    const heard: JobEvent[] = [];
    using log = openEventLog(path, 'job-1');
    log.subscribe((event) => void heard.push(event));
    log.emit(note('a'));
    log.subscribe((event) => void heard.push(event));
    log.emit(note('b'));
    expect(heard.map((event) => event.seq)).toEqual([1, 2, 2]);
    expect(heard.slice(0, 2)).toEqual(eventsOf());
  });

  it('goes on after a run that was killed in the middle of a line', () => {
    writeRun('a');
    appendFileSync(path, '{"v":1,"seq":2,"epoch":1,"mess');
    writeRun('c');
    expect(eventsOf().map(({ seq, epoch }) => [seq, epoch])).toEqual([
      [1, 1],
      [2, 2],
    ]);
    expect(linesOf()).toHaveLength(4);
  });

  it('finds the last number behind events of any length, and text of several bytes a letter', () => {
    writeRun(...Array.from({ length: 40 }, () => 'हिन्दी 😀'.repeat(200)));
    expect(readFileSync(path).length).toBeGreaterThan(64 * 1024);
    writeRun('last');
    expect(eventsOf().at(-1)).toMatchObject({ seq: 41, epoch: 2 });
  });

  it('starts anew over a file of rubbish without losing it', () => {
    writeFileSync(path, 'rubbish\n{"seq":"no"}\n');
    writeRun('a');
    expect(linesOf().slice(0, 2)).toEqual(['rubbish', '{"seq":"no"}']);
    expect(eventsOf().at(-1)).toMatchObject({ seq: 1, epoch: 1 });
  });

  it('that was empty, as after a run that stopped at once, is begun', () => {
    writeRun();
    writeRun('a');
    expect(eventsOf()).toMatchObject([{ seq: 1, epoch: 1 }]);
  });
});
