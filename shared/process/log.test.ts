import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { describeExit, resourceFailure } from './exit-failure.ts';
import { findProgram } from './find-program.ts';
import { openLogFile } from './log-file.ts';
import { cleanLogLine } from './log-line.ts';
import { createLogRing } from './log-ring.ts';
import { createLineSplitter } from './split-lines.ts';

describe('a log line', () => {
  it.each([
    ['token hf_AbCdEfGh12345678 used', 'hf_AbCdEfGh'],
    ['key sk-proj-abcdefgh1234', 'abcdefgh1234'],
    ['AKIAIOSFODNN7EXAMPLE', 'IOSFODNN7EXAMPLE'],
    ['GET https://b.example/x?X-Amz-Signature=0123abcd&y=1', '0123abcd'],
    ['Authorization: Bearer abc.def.ghi-jkl', 'abc.def.ghi'],
    ['http://user:pass%40word@proxy.example:80/', 'pass%40word'],
    ['aws_secret_access_key = wJalrXUtnFEMI', 'wJalrXUtnFEMI'],
  ])('loses its secret: %s', (line, secret) => {
    expect(cleanLogLine(line)).toContain('[redacted]');
    expect(cleanLogLine(line)).not.toContain(secret);
  });

  it('cannot drive a terminal', () => {
    expect(cleanLogLine('\u001b[2J\u202eevil\ttab')).toBe('\\u001b[2J\\u202eevil\ttab');
  });

  it('keeps what is no secret', () => {
    const line = '[aac @ 0x55] [error] channel element 2.10 is not allocated at https://example.org/a:b';
    expect(cleanLogLine(line)).toBe(line);
  });
});

describe('a log', () => {
  it('counts a line that repeats and keeps the last different ones', () => {
    const ring = createLogRing(2);
    for (const line of ['a', 'b', 'b', 'b', 'c']) ring.push(line);
    expect(ring.lines()).toEqual(['b (× 3)', 'c']);
  });

  it('in a file ends at its limit', () => {
    const folder = mkdtempSync(join(tmpdir(), 'log-'));
    const file = openLogFile(join(folder, 'x.log'), 100);
    for (let line = 0; line < 1000; line += 1) file.write(`line ${line}`);
    file.close();
    expect(statSync(join(folder, 'x.log')).size).toBeLessThan(120);
    expect(readFileSync(join(folder, 'x.log'), 'utf8')).toMatch(/^line 0\n.*\[log full\]\n$/s);
    rmSync(folder, { recursive: true });
  });

  it('is cut into lines wherever the bytes were cut', () => {
    const bytes = Buffer.from('één\r\ntwo\rthree\n\nfünf');
    for (let size = 1; size <= bytes.length; size += 1) {
      const lines: string[] = [];
      const splitter = createLineSplitter((line) => lines.push(line));
      for (let at = 0; at < bytes.length; at += size) splitter.push(bytes.subarray(at, at + size));
      splitter.end();
      expect(lines).toEqual(['één', 'two', 'three', 'fünf']);
    }
  });

  it('is not filled by a line without an end', () => {
    const lengths: number[] = [];
    const splitter = createLineSplitter((line) => lengths.push(line.length));
    splitter.push(Buffer.alloc(100_000, 'x'));
    expect(Math.max(...lengths)).toBe(16 * 1024);
  });
});

describe('the end of a program', () => {
  const failed = { code: 1, signal: null };
  it('tells a full disk and missing memory from other reasons', () => {
    expect(resourceFailure('x', failed, ['av_interleaved_write_frame(): No space left on device'])?.code).toBe(
      'ERR_DISK_FULL',
    );
    expect(resourceFailure('x', { code: 153, signal: null }, [])?.code).toBe('ERR_DISK_FULL');
    expect(resourceFailure('x', { code: null, signal: 'SIGXFSZ' }, [])?.code).toBe('ERR_DISK_FULL');
    expect(resourceFailure('x', failed, ['numpy._ArrayMemoryError', 'MemoryError: 3 GiB'])?.code).toBe('ERR_MEMORY');
    expect(resourceFailure('x', failed, ['Invalid data found'])).toBeUndefined();
    expect(resourceFailure('x', { code: 0, signal: null }, ['No space left on device'])).toBeUndefined();
  });

  it('is described by code or signal', () => {
    expect(describeExit(failed)).toBe('code 1');
    expect(describeExit({ code: null, signal: 'SIGKILL' })).toBe('signal SIGKILL');
  });
});

describe('a program', () => {
  it('is found in the folders of PATH, and nothing else is taken for one', () => {
    expect(findProgram('sh', '/nowhere:/bin')).toBe('/bin/sh');
    expect(findProgram('/bin/sh')).toBe('/bin/sh');
    expect(findProgram('sh', '/nowhere')).toBeUndefined();
    expect(findProgram('sh', '.')).toBeUndefined();
    expect(findProgram('../bin/sh', '/bin')).toBeUndefined();
    expect(findProgram('passwd', '/etc')).toBeUndefined();
    expect(findProgram('bin', '/')).toBeUndefined();
  });
});
