import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../../tests/helpers/store-samples.ts';
import { digestOf } from '../util/digest.ts';
import { openObjects } from './objects.ts';

test('a stored file is found by its digest, read-only, and incoming is empty again', async () => {
  using dir = temporaryFolder();
  const objects = openObjects(dir.at('objects'));
  const stored = await objects.put(dir.file('x', 'hello'));
  expect(stored).toEqual({ digest: digestOf('hello'), bytes: 5 });
  expect(readFileSync(objects.path(stored.digest), 'utf8')).toBe('hello');
  expect(statSync(objects.path(stored.digest)).mode & 0o777).toBe(0o444);
  expect(readdirSync(dir.at('objects', 'incoming'))).toEqual([]);
});

test('several files are stored in their order, equal ones once', async () => {
  using dir = temporaryFolder();
  const objects = openObjects(dir.at('objects'));
  const files = ['a', 'b', 'a'].map((content, index) => dir.file(`f${index}`, content));
  const stored = await objects.putMany(files);
  expect(stored.map(({ digest }) => digest)).toEqual([digestOf('a'), digestOf('b'), digestOf('a')]);
});

test('an object is asked for by size as well', async () => {
  using dir = temporaryFolder();
  const objects = openObjects(dir.at('objects'));
  const { digest } = await objects.put(dir.file('x', 'hello'));
  expect(objects.has(digest)).toBe(true);
  expect(objects.has(digest, 5)).toBe(true);
  expect(objects.has(digest, 4)).toBe(false);
  expect(objects.has(digestOf('other'))).toBe(false);
});

test('verify finds missing, shortened and altered objects, and putting the file again heals them', async () => {
  using dir = temporaryFolder();
  const objects = openObjects(dir.at('objects'));
  const file = dir.file('x', 'hello');
  const { digest } = await objects.put(file);
  const spoil = (content: string) => {
    chmodSync(objects.path(digest), 0o644);
    writeFileSync(objects.path(digest), content);
  };
  expect(await objects.verify(digest, { deep: true })).toBe('ok');
  spoil('hellO');
  expect(await objects.verify(digest, { deep: false, bytes: 5 })).toBe('ok');
  expect(await objects.verify(digest, { deep: true, bytes: 5 })).toBe('corrupt');
  spoil('hell');
  expect(await objects.verify(digest, { deep: false, bytes: 5 })).toBe('wrong-size');
  await objects.put(file);
  expect(await objects.verify(digest, { deep: true, bytes: 5 })).toBe('ok');
  await objects.remove(digest);
  expect(await objects.verify(digest, { deep: true })).toBe('missing');
});

test('a file of other bytes than expected is not stored', async () => {
  using dir = temporaryFolder();
  const objects = openObjects(dir.at('objects'));
  const file = dir.file('x', 'hello');
  expect(await objects.place(file, digestOf('other'))).toBeUndefined();
  expect(objects.has(digestOf('hello'))).toBe(false);
  expect(readdirSync(dir.at('objects', 'incoming'))).toEqual([]);
  expect(await objects.place(file, digestOf('hello'))).toBeDefined();
});
