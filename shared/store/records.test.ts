import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { fingerprintFor, sampleRecord, temporaryFolder } from '../../tests/helpers/store-samples.ts';
import type { StageRecord } from '../contract/record.ts';
import { digestOf } from '../util/digest.ts';
import { publishRecord } from './publish-record.ts';
import { readRecord, recordPath } from './records.ts';

const record = (text: string): StageRecord => ({
  ...sampleRecord('asr'),
  outputs: { text: { digest: digestOf(text), bytes: text.length } },
  refs: [digestOf('clip')],
  durability: 'full',
});
const fingerprint = fingerprintFor('asr');

test('a published record reads back as it was', async () => {
  using dir = temporaryFolder();
  expect(readRecord(dir.path, fingerprint)).toBeUndefined();
  expect(await publishRecord(dir.path, record('one'))).toEqual({ record: record('one'), adopted: false });
  expect(readRecord(dir.path, fingerprint)).toEqual(record('one'));
  expect(readdirSync(dir.at('tmp'))).toEqual([]);
});

test('the second to publish a key adopts the record of the first', async () => {
  using dir = temporaryFolder();
  await publishRecord(dir.path, record('theirs'));
  expect(await publishRecord(dir.path, record('ours'))).toEqual({ record: record('theirs'), adopted: true });
  expect(readRecord(dir.path, fingerprint)).toEqual(record('theirs'));
});

test('of ten that publish one key at once exactly one is not an adopter, and all agree', async () => {
  using dir = temporaryFolder();
  const all = await Promise.all(Array.from({ length: 10 }, (_, n) => publishRecord(dir.path, record(`n${n}`))));
  expect(all.filter(({ adopted }) => !adopted)).toHaveLength(1);
  expect(new Set(all.map((one) => one.record.outputs.text?.digest)).size).toBe(1);
});

test('with force ours replaces theirs', async () => {
  using dir = temporaryFolder();
  await publishRecord(dir.path, record('theirs'));
  expect((await publishRecord(dir.path, record('ours'), { force: true })).adopted).toBe(false);
  expect(readRecord(dir.path, fingerprint)).toEqual(record('ours'));
});

test('a record that is cut short at any byte is a miss, and publishing heals it', async () => {
  using dir = temporaryFolder();
  await publishRecord(dir.path, record('one'));
  const path = recordPath(dir.path, fingerprint);
  const { length } = readFileSync(path);
  // The last byte is the line end after a whole record.
  for (let size = length - 2; size >= 0; size -= 7) {
    truncateSync(path, size);
    expect(readRecord(dir.path, fingerprint), `${size} of ${length} bytes`).toBeUndefined();
  }
  expect((await publishRecord(dir.path, record('one'))).adopted).toBe(false);
  expect(readRecord(dir.path, fingerprint)).toEqual(record('one'));
});

test.each([
  ['of another schema', { schema: 'record/2' }],
  ['about another fingerprint', { fingerprint: fingerprintFor('other') }],
  ['whose output is not a digest', { outputs: { text: { digest: '../../etc/passwd', bytes: 1 } } }],
  ['without refs', { refs: undefined }],
])('a record %s is a miss', (_, change) => {
  using dir = temporaryFolder();
  const path = recordPath(dir.path, fingerprint);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, JSON.stringify(record('one')));
  expect(readRecord(dir.path, fingerprint)).toBeDefined();
  writeFileSync(path, JSON.stringify({ ...record('one'), ...change }));
  expect(readRecord(dir.path, fingerprint)).toBeUndefined();
});

test('a record that is not usable does not win', async () => {
  using dir = temporaryFolder();
  await publishRecord(dir.path, record('theirs'));
  const published = await publishRecord(dir.path, record('ours'), { usable: () => false });
  expect(published).toEqual({ record: record('ours'), adopted: false });
  expect(readRecord(dir.path, fingerprint)).toEqual(record('ours'));
});

test('reading records and finding objects loads nothing but parts of node', () => {
  const modules = ['records.ts', 'object-path.ts'].map((name) => resolve(import.meta.dirname, name));
  const code = `
    import { registerHooks } from 'node:module';
    const seen = [];
    registerHooks({ resolve: (name, context, next) => (seen.push(name), next(name, context)) });
    for (const path of ${JSON.stringify(modules)}) await import(path);
    process.stdout.write(JSON.stringify(seen));`;
  const seen = JSON.parse(execFileSync(process.execPath, ['--input-type=module', '-e', code], { encoding: 'utf8' }));
  expect(new Set(seen)).toEqual(new Set([...modules, 'node:fs', 'node:path']));
});
