import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync, symlinkSync } from 'node:fs';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../../tests/helpers/store-samples.ts';
import { digestOf } from '../util/digest.ts';
import { copyHashing, hashFile } from './hash-file.ts';

/** Not a multiple of the size of a read. */
const LARGE = Buffer.alloc(3 * (1 << 20) + 12_345, 'abcdefg');

test.each([0, 1, (1 << 20) - 1, 1 << 20, LARGE.length])(
  '%i bytes hash to what sha256 of the whole is',
  async (length) => {
    using dir = temporaryFolder();
    const content = LARGE.subarray(0, length);
    expect(await hashFile(dir.file('x', content))).toEqual({ digest: digestOf(content), bytes: length });
  },
);

test('hashing tells how far it is and stops when it is told to', async () => {
  using dir = temporaryFolder();
  const path = dir.file('x', LARGE);
  const seen: number[] = [];
  await hashFile(path, { onBytes: (done) => seen.push(done) });
  expect(seen.at(-1)).toBe(LARGE.length);
  expect(seen.length).toBeGreaterThan(2);
  const stop = new AbortController();
  const stopped = hashFile(path, { signal: stop.signal, onBytes: () => stop.abort() });
  await expect(stopped).rejects.toMatchObject({ name: 'AbortError' });
});

test('a copy has the bytes that were hashed and is read-only', async () => {
  using dir = temporaryFolder();
  const stored = await copyHashing(dir.file('x', LARGE), dir.at('copy'), { sync: true });
  expect(stored.digest).toBe(digestOf(readFileSync(dir.at('copy'))));
  expect(statSync(dir.at('copy')).mode & 0o777).toBe(0o444);
});

test('links, folders and named pipes are refused, and nothing is left at the target', async () => {
  using dir = temporaryFolder();
  symlinkSync(dir.file('x', 'secret'), dir.at('link'));
  execFileSync('mkfifo', [dir.at('pipe')]);
  for (const name of ['link', 'pipe', '.', 'missing']) {
    const copy = copyHashing(dir.at(name), dir.at('copy'), { sync: false });
    await expect(copy, name).rejects.toMatchObject({ code: 'ERR_STAGE_OUTPUT' });
  }
  expect(existsSync(dir.at('copy'))).toBe(false);
});
