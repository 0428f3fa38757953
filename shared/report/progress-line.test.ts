import { expect, test } from 'vitest';
import { createProgressLine } from './progress-line.ts';

function rig(isTty: boolean, quiet = false) {
  const written: string[] = [];
  let at = 0;
  const line = createProgressLine({
    stderr: { write: (text) => written.push(text), columns: 80 },
    quiet,
    isTty,
    now: () => at,
  });
  return {
    line,
    written,
    to(ms: number, done: number, total: number | null = 1e9) {
      at = ms;
      line.update({ now: 'asr.one', doneBytes: done, totalBytes: total });
    },
  };
}

test('on a screen one line is redrawn, at most five times a second, with rate and time left', () => {
  const { line, written, to } = rig(true);
  for (let ms = 0; ms <= 2000; ms += 20) to(ms, ms * 100_000);
  expect(written.length).toBe(11);
  expect(written.every((text) => text.startsWith('\r\u001b[K') && !text.includes('\n'))).toBe(true);
  expect(written.at(-1)).toContain('20 %  200.0 MB of 1.0 GB  100.0 MB/s  about 8.0 s left  asr.one');
  line.close();
  line.close();
  expect(written.at(-1)).toBe('\r\u001b[K');
});

test('elsewhere a line is written every five seconds and none for what is over before', () => {
  const { written, to } = rig(false);
  for (let ms = 0; ms < 11_000; ms += 100) to(ms, ms);
  expect(written.length).toBe(2);
  expect(written[0]).toMatch(/^ .*\n$/);
});

test('a total that nobody knows gives no percentage, and a label cannot move the cursor', () => {
  const written: string[] = [];
  const line = createProgressLine({
    stderr: { write: (text) => written.push(text) },
    quiet: false,
    isTty: true,
    now: () => 0,
  });
  line.update({ now: 'a\u001b[2Jb', doneBytes: 5e6, totalBytes: null });
  expect(written.join('')).toBe('\r\u001b[K  5.0 MB  a\\x1b[2Jb');
});

test('a note takes the moving line away first, and nothing is written when it is quiet', () => {
  const { line, written, to } = rig(true);
  to(0, 1);
  line.note('one thing');
  expect(written.slice(-2)).toEqual(['\r\u001b[K', 'one thing\n']);
  const silent = rig(true, true);
  silent.to(0, 1);
  silent.line.note('x');
  expect(silent.written).toEqual([]);
});
