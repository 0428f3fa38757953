import { utimesSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../../tests/helpers/store-samples.ts';
import { digestOf } from '../util/digest.ts';
import { openState } from './database.ts';
import { isSettled, openFileDigests } from './file-digests.ts';

test('a settled file is hashed once, over the life of several processes, and again when it changes', async () => {
  using dir = temporaryFolder();
  const path = dir.file('film', 'one');
  const putBackTimes = () => utimesSync(path, 1_000_000, 1_000_000);
  putBackTimes();
  await sleep(2_050);
  {
    using state = openState(dir.at('state'));
    const digests = openFileDigests(state);
    expect(digests.known(path)).toBeUndefined();
    expect(await digests.remembered(path)).toBe(digestOf('one'));
    expect(digests.known(path)).toBe(digestOf('one'));
  }
  using state = openState(dir.at('state'));
  const digests = openFileDigests(state);
  expect(await digests.remembered(path)).toBe(digestOf('one'));
  expect(digests.counts).toEqual({ hashedFiles: 0, hashedBytes: 0, rememberedFiles: 1 });

  // Same size, and the modification time put back: only ctime tells.
  writeFileSync(path, 'two');
  putBackTimes();
  expect(await digests.remembered(path)).toBe(digestOf('two'));
  expect(digests.counts).toEqual({ hashedFiles: 1, hashedBytes: 3, rememberedFiles: 1 });
});

test('a file that was written a moment ago is hashed and not remembered', async () => {
  using dir = temporaryFolder();
  using state = openState(dir.at('state'));
  const digests = openFileDigests(state);
  const path = dir.file('film', 'one');
  await digests.remembered(path);
  expect(digests.known(path)).toBeUndefined();
  await digests.remembered(path);
  expect(digests.counts.hashedFiles).toBe(2);
});

test('an old modification time does not hide that the file was written a moment ago', async () => {
  using dir = temporaryFolder();
  using state = openState(dir.at('state'));
  const digests = openFileDigests(state);
  const path = dir.file('film', 'one');
  utimesSync(path, 1, 1);
  await digests.remembered(path);
  expect(digests.known(path)).toBeUndefined();
});

test('times count as settled from two seconds on, in the past and in the future', () => {
  const now = 1_000_000;
  expect(isSettled({ mtimeMs: now - 2_000, ctimeMs: now - 2_000 }, now)).toBe(true);
  expect(isSettled({ mtimeMs: now - 9_000, ctimeMs: now - 1_999 }, now)).toBe(false);
  expect(isSettled({ mtimeMs: now - 1_999, ctimeMs: now - 9_000 }, now)).toBe(false);
  expect(isSettled({ mtimeMs: now + 60_000, ctimeMs: now + 60_000 }, now)).toBe(true);
});

test('a remembered digest that was altered in the database does not count', async () => {
  using dir = temporaryFolder();
  using state = openState(dir.at('state'));
  const digests = openFileDigests(state);
  const path = dir.file('film', 'one');
  await sleep(2_050);
  await digests.remembered(path);
  state.db.prepare('UPDATE file_digest SET digest = ?').run(digestOf('another film'));
  expect(await digests.remembered(path)).toBe(digestOf('one'));
});

test('a file that changes while it is read is an error, not a digest of two halves', async () => {
  using dir = temporaryFolder();
  using state = openState(dir.at('state'));
  const path = dir.file('film', Buffer.alloc(3 << 20));
  const reading = openFileDigests(state).remembered(path, { onBytes: () => writeFileSync(path, 'x', { flag: 'a' }) });
  await expect(reading).rejects.toMatchObject({ code: 'ERR_MEDIA_CHANGED' });
});

test('two that ask for one file at once cause one reading', async () => {
  using dir = temporaryFolder();
  using state = openState(dir.at('state'));
  const digests = openFileDigests(state);
  const path = dir.file('film', 'one');
  await Promise.all([digests.remembered(path), digests.remembered(path)]);
  expect(digests.counts.hashedFiles).toBe(1);
});
