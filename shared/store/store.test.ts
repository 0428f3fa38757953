import { chmodSync, existsSync, statSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { fingerprintFor, rootsIn, sampleRecord, temporaryFolder } from '../../tests/helpers/store-samples.ts';
import { digestOf } from '../util/digest.ts';
import { openStore } from './store.ts';

const spoil = (path: string, content: string) => {
  chmodSync(path, 0o644);
  writeFileSync(path, content);
};

test('a published stage has its record, its outputs and the objects its outputs name', async () => {
  using dir = temporaryFolder();
  using store = openStore(rootsIn(dir.path));
  const clip = await store.memo.putObject(dir.file('clip', 'voice'));
  expect(store.resolve(clip.digest)).toBe(store.memo.objectPath(clip.digest));
  const { record, adopted, differs } = await store.publish({
    record: sampleRecord('synthesize'),
    files: { clips: dir.file('clips.jsonl', '{"a":1}') },
    refs: [clip.digest, clip.digest],
  });
  expect({ adopted, differs }).toEqual({ adopted: false, differs: false });
  expect(record.outputs).toEqual({ clips: { digest: digestOf('{"a":1}'), bytes: 7 } });
  expect(record.refs).toEqual([clip.digest]);
  expect(record.durability).toBe('full');
  expect(store.readRecord(fingerprintFor('synthesize'))).toEqual(record);
  expect(store.resolve(clip.digest)).toBe(store.objects.path(clip.digest));
  expect(existsSync(dir.at('clips.jsonl'))).toBe(true);
});

test('the second to publish adopts the first record, and is told when its outputs were others', async () => {
  using dir = temporaryFolder();
  using store = openStore(rootsIn(dir.path));
  const publish = (content: string, force = false) =>
    store.publish({ record: sampleRecord('asr'), files: { text: dir.file('text', content) }, refs: [], force });
  const first = await publish('one');
  expect(await publish('one')).toEqual({ record: first.record, adopted: true, differs: false });
  expect(await publish('two')).toEqual({ record: first.record, adopted: true, differs: true });
  const forced = await publish('two', true);
  expect(forced).toMatchObject({ adopted: false, differs: true });
  expect(store.readRecord(fingerprintFor('asr'))?.outputs.text?.digest).toBe(digestOf('two'));
});

test('a record whose objects were evicted does not win over one whose objects are there', async () => {
  using dir = temporaryFolder();
  using store = openStore(rootsIn(dir.path));
  const publish = (content: string) =>
    store.publish({ record: sampleRecord('asr'), files: { text: dir.file('text', content) }, refs: [] });
  await publish('one');
  await store.objects.remove(digestOf('one'));
  expect(await publish('two')).toMatchObject({ adopted: false, differs: true });
  expect(store.readRecord(fingerprintFor('asr'))?.outputs.text?.digest).toBe(digestOf('two'));
});

test('a memo object that was altered never gets into a record, and its answer is asked for again', async () => {
  using dir = temporaryFolder();
  using store = openStore(rootsIn(dir.path));
  const clip = await store.memo.putObject(dir.file('clip', 'voice'));
  store.memo.put('key', { reply: {}, objects: [clip] });
  spoil(store.memo.objectPath(clip.digest), 'noise');
  expect(store.memo.get('key')).toBeDefined();
  const publication = { record: sampleRecord('synthesize'), files: {}, refs: [clip.digest] };
  await expect(store.publish(publication)).rejects.toMatchObject({ code: 'ERR_STAGE_OUTPUT' });
  expect(store.readRecord(fingerprintFor('synthesize'))).toBeUndefined();
  expect(store.memo.get('key')).toBeUndefined();
  expect(store.resolve(clip.digest)).toBeUndefined();
});

test('a durable object that was altered is healed from the memo', async () => {
  using dir = temporaryFolder();
  using store = openStore(rootsIn(dir.path));
  const clip = await store.memo.putObject(dir.file('clip', 'voice'));
  const publish = (name: string) => store.publish({ record: sampleRecord(name), files: {}, refs: [clip.digest] });
  await publish('one');
  const { ino } = statSync(store.objects.path(clip.digest));
  await publish('two');
  expect(statSync(store.objects.path(clip.digest)).ino, 'a good one is not written again').toBe(ino);
  spoil(store.objects.path(clip.digest), 'noise');
  await publish('three');
  expect(await store.objects.verify(clip.digest, { deep: true })).toBe('ok');
});

test('a port without a file publishes nothing', async () => {
  using dir = temporaryFolder();
  using store = openStore(rootsIn(dir.path));
  const publication = { record: sampleRecord('asr'), files: { text: dir.at('missing') }, refs: [] };
  await expect(store.publish(publication)).rejects.toMatchObject({ code: 'ERR_STAGE_OUTPUT' });
  expect(store.readRecord(fingerprintFor('asr'))).toBeUndefined();
});

test('scratch folders are private, and sweeping leaves those of living processes', async () => {
  using dir = temporaryFolder();
  using store = openStore(rootsIn(dir.path));
  const scratch = store.makeScratch('asr');
  expect(statSync(scratch).mode & 0o777).toBe(0o700);
  expect(await store.sweep()).toEqual([]);
  expect(existsSync(scratch)).toBe(true);
});
