import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { JobEvent, JobEventBody } from '../contract/event.ts';
import { formatEvent } from './format-event.ts';
import { createTerminal } from './terminal.ts';

const event = (body: JobEventBody): JobEvent => ({
  v: 1,
  seq: 1,
  epoch: 1,
  at: '2026-12-01T10:20:30.000Z',
  jobId: 'j',
  ...body,
});

const RUN: readonly JobEventBody[] = [
  { type: 'run.start', runner: 'pid 1', stages: 2 },
  { type: 'stage.hit', stage: 'extract', reason: { kind: 'hit' } },
  { type: 'stage.start', stage: 'asr', reason: { kind: 'no-record' } },
  { type: 'task.start', stage: 'asr', engine: 'asr/fake', task: 't' },
  { type: 'stage.progress', stage: 'asr', done: 1, total: 4 },
  { type: 'stage.warning', stage: 'asr', code: 'no-speech', message: 'nobody speaks\u001b[2J' },
  { type: 'stage.done', stage: 'asr', seconds: 83, provisional: false, rederived: false },
  { type: 'deliver', to: 'movie.srt', status: 'written' },
  { type: 'deliver', to: 'movie.vtt', status: 'kept' },
  { type: 'run.end', outcome: 'done', seconds: 90 },
];

const FINISHED = {
  id: 'j',
  ran: ['asr'],
  delivered: [{ path: 'out/j/movie.srt', status: 'written' }],
  warnings: 1,
  seconds: 90,
  reportPath: 'out/j/report.md',
} as const;

function open(flags: { quiet?: boolean; json?: boolean; isTty?: boolean; colour?: boolean }) {
  const text = { out: '', err: '' };
  const clock = { ms: 0 };
  const terminal = createTerminal({
    stdout: { write: (part) => (text.out += part) },
    stderr: { write: (part) => (text.err += part) },
    isTty: false,
    quiet: false,
    json: false,
    columns: 100,
    colour: false,
    now: () => clock.ms,
    ...flags,
  });
  return { terminal, text, clock };
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test('without a screen each start, end, hit and warning is one plain line', () => {
  const { terminal, text } = open({ colour: true });
  for (const body of RUN) terminal.onEvent(event(body));
  expect(text.err.split('\n')).toEqual([
    '✓ extract          done already',
    '  asr              started (not done yet)',
    '⚠ asr              nobody speaks\\x1b[2J',
    '✓ asr              1 m 23 s',
    '✓ delivered        movie.srt',
    '⚠ kept             movie.vtt was changed by hand; --overwrite replaces it',
    '',
  ]);
  expect(text.out).toBe('');
});

test('the result is on stdout alone, so that it can be piped', () => {
  const { terminal, text } = open({});
  terminal.finish(FINISHED);
  expect(text.out).toBe('out/j/movie.srt\n');
  expect(text.err).toBe('✓ Job j is finished: 1 stage ran, 1 m 30 s, 1 warning.\n  report: out/j/report.md\n');
});

test('quiet prints the result and nothing else', () => {
  const { terminal, text } = open({ quiet: true, isTty: true });
  for (const body of RUN) terminal.onEvent(event(body));
  terminal.note('a note');
  vi.advanceTimersByTime(5000);
  terminal.finish(FINISHED);
  expect(text).toEqual({ out: 'out/j/movie.srt\n', err: '' });
});

test('json prints every event as a line on stderr and one object on stdout', () => {
  const { terminal, text } = open({ json: true, isTty: true });
  for (const body of RUN) terminal.onEvent(event(body));
  terminal.finish(FINISHED);
  const events = text.err
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(events.map(({ type }) => type)).toEqual(RUN.map(({ type }) => type));
  expect(JSON.parse(text.out)).toMatchObject({ id: 'j', outcome: 'done', ran: ['asr'], warnings: 1 });
});

/** What a screen shows: text after the last erasing. */
const screen = (text: string): string => text.slice(text.lastIndexOf('\u001b[J') + 3);

test('a screen shows each running stage with bar, count, time, time left and engine', () => {
  const { terminal, text, clock } = open({ isTty: true });
  terminal.onEvent(event({ type: 'stage.start', stage: 'asr', reason: { kind: 'no-record' } }));
  terminal.onEvent(event({ type: 'task.start', stage: 'asr', engine: 'asr/fake', task: 't' }));
  // half comes from the memo at once; the rate is that of the rest
  terminal.onEvent(event({ type: 'stage.progress', stage: 'asr', done: 50, total: 100 }));
  clock.ms = 10_000;
  terminal.onEvent(event({ type: 'stage.progress', stage: 'asr', done: 60, total: 100 }));
  vi.advanceTimersByTime(200);
  expect(screen(text.err)).toBe(
    '  asr              [############--------]  60 %  60/100  10 s  about 40 s left  asr/fake\n',
  );
  terminal.close();
  expect(text.err.endsWith('\u001b[1A\u001b[J')).toBe(true);
});

test('a thousand events redraw a screen at most five times a second', () => {
  const { terminal, text, clock } = open({ isTty: true });
  terminal.onEvent(event({ type: 'stage.start', stage: 'asr', reason: { kind: 'no-record' } }));
  for (let step = 0; step < 1000; step += 1) {
    clock.ms += 1;
    terminal.onEvent(event({ type: 'stage.progress', stage: 'asr', done: step, total: 1000 }));
    vi.advanceTimersByTime(1);
  }
  const drawings = text.err.split(' asr ').length - 1;
  expect(drawings).toBeGreaterThanOrEqual(4);
  expect(drawings).toBeLessThanOrEqual(6);
  terminal.close();
});

test('a line that stays is printed above the live lines, which are not left behind', () => {
  const { terminal, text } = open({ isTty: true });
  terminal.onEvent(event({ type: 'stage.start', stage: 'asr', reason: { kind: 'no-record' } }));
  vi.advanceTimersByTime(1);
  terminal.onEvent(event({ type: 'stage.hit', stage: 'extract', reason: { kind: 'hit' } }));
  const [before = '', after = ''] = text.err.split('\u001b[1A\u001b[J');
  expect(before).toContain('asr');
  expect(after).toMatch(/^✓ extract .*\n {2}waiting +asr\n$/);
  terminal.onEvent(event({ type: 'stage.done', stage: 'asr', seconds: 1, provisional: false, rederived: true }));
  expect(screen(text.err)).toBe('✓ asr              1.0 s, re-derived from memo\n');
  terminal.close();
});

test('colour is used on a screen only, and not where it is unwanted', () => {
  const done = event({ type: 'stage.done', stage: 'asr', seconds: 1, provisional: false, rederived: false });
  const shown = (flags: { isTty: boolean; colour: boolean }): string => {
    const { terminal, text } = open(flags);
    terminal.onEvent(done);
    terminal.close();
    return text.err;
  };
  expect(shown({ isTty: true, colour: true })).toContain('\u001b[32m✓\u001b[0m');
  expect(shown({ isTty: true, colour: false })).not.toContain('\u001b[3');
  expect(shown({ isTty: false, colour: true })).not.toContain('\u001b');
});

test('a log line tells every kind of event, with its number and time of day', () => {
  expect(formatEvent({ ...event({ type: 'stage.progress', stage: 'asr', done: 1, total: null }), seq: 7 })).toBe(
    '     7  10:20:30    stage.progress stage=asr done=1 total=null',
  );
  expect(formatEvent({ ...event({ type: 'stage.cancelled', stage: 'mix', because: 'asr' }), seq: 8 })).toBe(
    '     8  10:20:30  - mix              cancelled because of asr',
  );
});
