import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { expect, test } from 'vitest';
import { type TemporaryFolder, temporaryFolder } from '../../tests/helpers/store-samples.ts';
import { digestOf } from '../util/digest.ts';
import { openTaskMemo, type TaskMemo } from './task-memo.ts';

const database = (dir: TemporaryFolder) => dir.at('answers-1', 'answers.db');

async function rememberClip(memo: TaskMemo, dir: TemporaryFolder) {
  const object = await memo.putObject(dir.file('clip', 'sound of a voice'));
  memo.put('key', { reply: { samples: 3 }, objects: [object] });
  return object;
}

test('an answer comes back with its objects, in another process life too', async () => {
  using dir = temporaryFolder();
  const object = await (async () => {
    using memo = openTaskMemo(dir.path);
    return await rememberClip(memo, dir);
  })();
  using memo = openTaskMemo(dir.path);
  expect(memo.get('key')).toEqual({ reply: { samples: 3 }, objects: [object] });
  expect(await memo.recall('key')).toEqual({ reply: { samples: 3 }, objects: [object] });
  expect(readFileSync(memo.objectPath(object.digest), 'utf8')).toBe('sound of a voice');
  expect(existsSync(dir.at('clip'))).toBe(false);
  expect(memo.get('other')).toBeUndefined();
});

test('null is an answer, undefined is a mistake of the caller', () => {
  using dir = temporaryFolder();
  using memo = openTaskMemo(dir.path);
  memo.put('key', { reply: null, objects: [] });
  expect(memo.get('key')).toEqual({ reply: null, objects: [] });
  expect(() => memo.put('key', { reply: undefined, objects: [] })).toThrow(TypeError);
});

test('an answer whose object is missing or shorter is a miss, and can be put again', async () => {
  using dir = temporaryFolder();
  using memo = openTaskMemo(dir.path);
  const { digest } = await rememberClip(memo, dir);
  chmodSync(memo.objectPath(digest), 0o644);
  truncateSync(memo.objectPath(digest), 4);
  expect(memo.get('key')).toBeUndefined();
  await rememberClip(memo, dir);
  expect(memo.get('key')).toBeDefined();
  rmSync(memo.objectPath(digest));
  expect(memo.get('key')).toBeUndefined();
});

test('an object of the right size and other bytes is a miss when it is recalled, and is dropped', async () => {
  using dir = temporaryFolder();
  using memo = openTaskMemo(dir.path);
  const { digest } = await rememberClip(memo, dir);
  expect(await memo.recall('key')).toBeDefined();
  chmodSync(memo.objectPath(digest), 0o644);
  writeFileSync(memo.objectPath(digest), 'sound of a VOICE');
  expect(await memo.recall('key')).toBeUndefined();
  expect(existsSync(memo.objectPath(digest))).toBe(false);
  expect(memo.get('key')).toBeUndefined();
});

test('a flipped byte inside a stored reply is a miss', () => {
  using dir = temporaryFolder();
  using first = openTaskMemo(dir.path);
  first.put('key', { reply: { text: 'a line of some length' }, objects: [] });
  first.close();
  const bytes = readFileSync(database(dir));
  bytes.write('A', bytes.indexOf('a line of some length'));
  writeFileSync(database(dir), bytes);
  using memo = openTaskMemo(dir.path);
  expect(memo.get('key')).toBeUndefined();
});

test.each([
  ['deleted', (path: string) => rmSync(path)],
  ['emptied', (path: string) => truncateSync(path, 0)],
  ['cut short', (path: string) => truncateSync(path, 4096 + 100)],
  ['overwritten', (path: string) => writeFileSync(path, 'this is no database '.repeat(1000))],
])('a database that was %s is replaced by an empty one', (_, spoil) => {
  using dir = temporaryFolder();
  using first = openTaskMemo(dir.path);
  for (let n = 0; n < 100; n += 1) first.put(`key ${n}`, { reply: 'x'.repeat(200), objects: [] });
  first.close();
  spoil(database(dir));
  using memo = openTaskMemo(dir.path);
  expect(memo.get('key 50')).toBeUndefined();
  memo.put('key 50', { reply: 2, objects: [] });
  expect(memo.get('key 50')?.reply).toBe(2);
});

test('the whole folder may be deleted under an open memo', async () => {
  using dir = temporaryFolder();
  using memo = openTaskMemo(dir.at('tasks'));
  rmSync(dir.at('tasks'), { recursive: true });
  const object = await memo.putObject(dir.file('clip', 'x'));
  memo.put('key', { reply: 1, objects: [object] });
  expect(memo.get('key')?.reply).toBe(1);
});

test('dropping an object drops every answer that names it and no other', async () => {
  using dir = temporaryFolder();
  using memo = openTaskMemo(dir.path);
  const { digest } = await rememberClip(memo, dir);
  memo.put('other', { reply: 1, objects: [] });
  await memo.dropObject(digest);
  expect(memo.get('key')).toBeUndefined();
  expect(memo.get('other')).toBeDefined();
});

test('a memo opened for reading answers, and writes nothing', async () => {
  using dir = temporaryFolder();
  mkdirSync(dir.at('tasks'));
  using empty = openTaskMemo(dir.at('tasks'), { readonly: true });
  expect(empty.get('key')).toBeUndefined();
  expect(readdirSync(dir.at('tasks'))).toEqual([]);
  using writer = openTaskMemo(dir.at('tasks'));
  writer.put('key', { reply: 1, objects: [] });
  using reader = openTaskMemo(dir.at('tasks'), { readonly: true });
  expect(reader.get('key')?.reply).toBe(1);
  reader.put('key', { reply: 2, objects: [] });
  expect(writer.get('key')?.reply).toBe(1);
});

test('only regular files become objects', async () => {
  using dir = temporaryFolder();
  using memo = openTaskMemo(dir.at('tasks'));
  await expect(memo.putObject(dir.path)).rejects.toMatchObject({ code: 'ERR_STAGE_OUTPUT' });
  expect(memo.hasObject(digestOf(''))).toBe(false);
});
