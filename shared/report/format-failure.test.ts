import { readFileSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { expect, test } from 'vitest';
import { Failure } from '../contract/failure.ts';
import { failureJson } from './failure-json.ts';
import { formatFailure } from './format-failure.ts';
import { reportFailure } from './report-failure.ts';

const diskFull = new Failure('ERR_DISK_FULL', 'The disk is full.', {
  stage: 'asr',
  why: 'Needed about 1.8 GB for objects, 212 MB free.',
  safe: 'Nothing is lost: stages extract and vad are complete and will not run again.',
});
const context = { jobId: '20261201-movie-001', log: 'out/20261201-movie-001/logs/asr.log' };

function printed(error: unknown, options: { json: boolean; jobId?: string; log?: string }) {
  const text = { out: '', err: '' };
  const code = reportFailure(error, {
    projectDir: '/home/me/babelreel',
    ...options,
    stdout: { write: (part: string) => (text.out += part) },
    stderr: { write: (part: string) => (text.err += part) },
  });
  return { ...text, code };
}

test('a failure says what failed, why, what is safe, the command that helps, code and log', () => {
  expect(formatFailure(diskFull, context)).toBe(
    [
      '✗ Stage asr failed: the disk is full.',
      '  Needed about 1.8 GB for objects, 212 MB free.',
      '  Nothing is lost: stages extract and vad are complete and will not run again.',
      '  Free space, then:  ./run-pipeline.sh -j 20261201-movie-001',
      '  ERR_DISK_FULL (exit 9)  log: out/20261201-movie-001/logs/asr.log',
    ].join('\n'),
  );
});

test('a failure that names its own commands shows those, the likeliest first', () => {
  const failure = new Failure('ERR_USAGE', 'There is no command "stat".', {
    fix: ['./babelreel.sh status', './babelreel.sh --help'],
  });
  expect(formatFailure(failure, { jobId: 'x' })).toBe(
    '✗ There is no command "stat".\n  Try:  ./babelreel.sh status\n  Or:  ./babelreel.sh --help\n  ERR_USAGE (exit 2)',
  );
});

test('the command that goes on comes last and says after what', () => {
  const locked = new Failure('ERR_JOB_LOCKED', 'Another runner has job x.', { fix: ['kill -INT 7'] });
  expect(formatFailure(locked, { jobId: 'x' })).toBe(
    '✗ Another runner has job x.\n  Try:  kill -INT 7\n  When it has ended:  ./run-pipeline.sh -j x\n  ERR_JOB_LOCKED (exit 8)',
  );
  const stopped = new Failure('ERR_CANCELLED', 'Stopped.', { again: './run-pipeline.sh --demo' });
  expect(formatFailure(stopped, { jobId: 'x', exitCode: 143 })).toBe(
    '✗ Stopped.\n  Go on with:  ./run-pipeline.sh --demo\n  ERR_CANCELLED (exit 143)',
  );
});

test('a failure that running again cannot cure suggests no command of its own making', () => {
  expect(formatFailure(new Failure('ERR_MEDIA_EMPTY', 'The film has no bytes.'), { jobId: 'x' })).toBe(
    '✗ The film has no bytes.\n  ERR_MEDIA_EMPTY (exit 3)',
  );
});

test('text from a film or an engine cannot move the cursor or forge a line', () => {
  const failure = new Failure('ERR_ENGINE_REFUSED', 'bad\u001b[2J\nname\u202e', {
    stage: 'asr',
    why: 'one\u0007\ntwo',
  });
  expect(formatFailure(failure)).toBe(
    '✗ Stage asr failed: bad\\x1b[2J\\nname\\u202e\n  one\\x07\n  two\n  ERR_ENGINE_REFUSED (exit 3)',
  );
});

test('an abbreviation keeps its capitals inside the sentence', () => {
  expect(formatFailure(new Failure('ERR_MEDIA_TOOL', 'FFmpeg failed.', { stage: 'mux' }))).toContain('failed: FFmpeg');
  expect(formatFailure(new Failure('ERR_MEDIA_TOOL', 'A file is gone.', { stage: 'mux' }))).toContain('failed: a file');
});

test('for a program a failure is one object with every part', () => {
  expect(failureJson(diskFull, context)).toEqual({
    code: 'ERR_DISK_FULL',
    class: 'resource',
    stage: 'asr',
    message: 'The disk is full.',
    cause: 'Needed about 1.8 GB for objects, 212 MB free.',
    fix: ['./run-pipeline.sh -j 20261201-movie-001'],
    log: 'out/20261201-movie-001/logs/asr.log',
  });
  expect(failureJson(new Failure('ERR_OFFLINE', 'No network.'))).toMatchObject({
    stage: null,
    cause: null,
    fix: [],
    log: null,
  });
});

test('a failure goes to stderr and its exit code comes back; a log inside the project is shown relative to it', () => {
  const { out, err, code } = printed(diskFull, { json: false, log: '/home/me/babelreel/out/j/logs/asr.log' });
  expect([out, code]).toEqual(['', 9]);
  expect(err).toMatch(/^✗ Stage asr failed/);
  expect(err).toMatch(/ {2}log: out\/j\/logs\/asr\.log\n$/);
});

test('with --json a failure is one line on stdout and nothing else', () => {
  const { out, err, code } = printed(diskFull, { json: true });
  expect([err, code, JSON.parse(out).code, out.split('\n').length]).toEqual(['', 9, 'ERR_DISK_FULL', 2]);
});

test('a bug exits 70 and names a log; its stack stays off the screen', () => {
  const { err, code } = printed(new TypeError('x is not a function'), { json: false });
  expect(code).toBe(70);
  expect(err).toContain(
    '✗ This is a bug in babelreel.\n  TypeError: x is not a function\n  ERR_INTERNAL (exit 70)  log: ',
  );
  expect(err).not.toMatch(/^\s+at /m);
  const log = err.slice(err.indexOf('log: ') + 5).trim();
  expect(readFileSync(log, 'utf8')).toMatch(/^TypeError: x is not a function\n\s+at /);
  rmSync(dirname(log), { recursive: true });
});
