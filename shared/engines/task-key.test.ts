import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Digest } from '../contract/ids.ts';
import type { Task } from '../contract/task.ts';
import { createSliceDigests } from './slice-digests.ts';
import { taskKey } from './task-key.ts';

const sha = (bytes: Uint8Array): Digest => `sha256:${createHash('sha256').update(bytes).digest('hex')}` as Digest;
const film = Buffer.from(Array.from({ length: 4000 }, (_, n) => (n * 7) % 251));
const cut = Buffer.concat([Buffer.from('other start '), film.subarray(1000, 2000)]);
let dir = '';
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'babelreel-key-'));
  for (const bytes of [film, cut]) writeFileSync(join(dir, sha(bytes)), bytes);
});
afterAll(() => rmSync(dir, { recursive: true }));

const digests = () => createSliceDigests((digest) => join(dir, digest));
const slice = (object: Buffer, offsetBytes: number, lengthBytes: number) => ({
  $audio: sha(object),
  offsetBytes,
  lengthBytes,
  format: 's16le/16000/1',
});
const task = (request: unknown, changes: Partial<Task> = {}): Task => ({
  role: 'asr',
  engine: { id: 'asr/x', version: '1', environment: sha(Buffer.from('environment')) },
  models: [{ id: 'm', digest: sha(Buffer.from('model')) }],
  op: 'transcribe',
  params: { beam: 1 },
  request,
  runtime: { threads: 1, device: 'cpu' },
  ...changes,
});

describe('the key of a task', () => {
  test('goes by the samples, not by the file they lie in or where', async () => {
    const here = await taskKey(task({ audio: slice(film, 1000, 1000), language: 'en' }), digests());
    const there = await taskKey(task({ audio: slice(cut, 12, 1000), language: 'en' }), digests());
    const later = await taskKey(task({ audio: slice(film, 1001, 1000), language: 'en' }), digests());
    expect(here).toMatch(/^[0-9a-f]{64}$/);
    expect(there).toBe(here);
    expect(later).not.toBe(here);
  });

  test('changes with engine, version, environment, model, parameter, operation and format, not with runtime', async () => {
    const request = { audio: slice(film, 0, 100), language: 'en' };
    const { engine } = task(request);
    const base = await taskKey(task(request), digests());
    const others: readonly Task[] = [
      task(request, { engine: { ...engine, id: 'asr/y' } }),
      task(request, { engine: { ...engine, version: '2' } }),
      task(request, { engine: { ...engine, environment: sha(film) } }),
      task(request, { models: [] }),
      task(request, { params: { beam: 2 } }),
      task(request, { op: 'other' }),
      task({ ...request, audio: { ...request.audio, format: 's16le/8000/1' } }),
    ];
    const keys = await Promise.all(others.map((other) => taskKey(other, digests())));
    expect(new Set([base, ...keys]).size).toBe(others.length + 1);
    expect(await taskKey(task(request, { runtime: { threads: 8, device: 'cuda' } }), digests())).toBe(base);
  });

  test('does not depend on the order of members', async () => {
    const one = await taskKey(task({ text: 'a', language: 'en' }, { params: { a: 1, b: 2 } }), digests());
    const two = await taskKey(task({ language: 'en', text: 'a' }, { params: { b: 2, a: 1 } }), digests());
    expect(two).toBe(one);
  });

  test('is null while the environment is not known', async () => {
    const { engine } = task({});
    expect(await taskKey(task({}, { engine: { ...engine, environment: null } }), digests())).toBeNull();
  });
});

describe('slice digests', () => {
  test('a slice is hashed once, and a whole object not at all', async () => {
    const paths = vi.fn((digest: Digest) => join(dir, digest));
    const digest = createSliceDigests(paths);
    expect(await digest(slice(film, 10, 20))).toBe(sha(film.subarray(10, 30)));
    expect(await digest(slice(film, 10, 20))).toBe(sha(film.subarray(10, 30)));
    expect(paths).toHaveBeenCalledTimes(1);
    expect(await digest(slice(film, 0, film.length))).toBe(sha(film));
  });

  test('samples behind the end are a bug that is named', async () => {
    await expect(digests()(slice(film, 3990, 20))).rejects.toMatchObject({ code: 'ERR_INTERNAL' });
  });

  test('an object that is missing is an error each time, not a remembered one', async () => {
    const digest = digests();
    const missing = slice(Buffer.from('late'), 0, 2);
    await expect(digest(missing)).rejects.toMatchObject({ code: 'ENOENT' });
    writeFileSync(join(dir, missing.$audio), 'late');
    expect(await digest(missing)).toBe(sha(Buffer.from('la')));
  });
});
