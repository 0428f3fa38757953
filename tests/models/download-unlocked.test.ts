import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { lockModel } from '../../shared/models/download/lock-model.ts';
import { gitSha1, type HubRepo, sha256, startHubServer } from '../helpers/hub-server.ts';
import { type EntryInput, lockedEntry, makeHubStore, unlockedEntry } from '../helpers/hub-store.ts';

const REVISION = 'c'.repeat(40);
const weights = Buffer.alloc(40_000, 'weights');
const files = {
  'config.json': Buffer.from('{"a": 1}'),
  'model.safetensors': weights,
  'pytorch_model.bin': Buffer.alloc(5000, 'old'),
  'flax_model.msgpack': Buffer.alloc(5000, 'flax'),
  'vocabulary.txt': Buffer.from('a\nb\n'),
  'sub/deep/tokenizer.json': Buffer.from('{}'),
  'README.md': Buffer.from('# hello'),
};
const repo: HubRepo = { repo: 'org/name', revision: REVISION, files };
const source: EntryInput['source'] = {
  type: 'hub',
  repo: 'org/name',
  allow: ['*.json', '*.safetensors', '*.bin', '*.msgpack', 'sub/**'],
};
const listed: EntryInput['files'] = [
  { path: 'vocabulary.json', kind: 'tokenizer', oneOf: 'vocabulary' },
  { path: 'vocabulary.txt', kind: 'tokenizer', oneOf: 'vocabulary' },
];

test('an unlocked model is locked by its first download, from a list of several pages, and said so', async () => {
  await using hub = await startHubServer({ repos: [repo], pageSize: 2 });
  using store = makeHubStore([unlockedEntry('asr.new', source, { files: listed })]);
  const messages: string[] = [];
  const outcomes = await store.fetch(['asr.new'], hub.url, { onMessage: (text) => messages.push(text) });
  expect(outcomes).toMatchObject([{ outcome: 'fetched' }]);
  expect(messages).toEqual([expect.stringMatching(new RegExp(`asr.new is locked at revision ${REVISION}: 4 files`))]);
  const model = store.registry().model('asr.new');
  expect(model.revision).toBe(REVISION);
  expect(
    model.files?.map(({ path, bytes, sha256: digest, gitSha1: id, kind }) => [path, bytes, digest, id, kind]),
  ).toEqual([
    ['vocabulary.txt', 4, sha256(files['vocabulary.txt']), gitSha1(files['vocabulary.txt']), 'tokenizer'],
    ['config.json', 8, sha256(files['config.json']), gitSha1(files['config.json']), 'config'],
    ['model.safetensors', 40_000, sha256(weights), undefined, 'weights'],
    ['sub/deep/tokenizer.json', 2, sha256(Buffer.from('{}')), gitSha1(Buffer.from('{}')), 'tokenizer'],
  ]);
  expect(store.read('asr.new', 'sub/deep/tokenizer.json')?.toString()).toBe('{}');
  // What was read to learn its digest is not fetched twice, and is not learned twice.
  expect(hub.gets('config.json')).toHaveLength(1);
  expect(await store.fetch(['asr.new'], hub.url)).toMatchObject([{ outcome: 'already' }]);
});

test.for<readonly [string, Partial<EntryInput>, RegExp]>([
  [
    'another size',
    { files: [{ path: 'config.json', kind: 'config', bytes: 9 }] },
    /registry says its size is 9, the server says 8/,
  ],
  [
    'another digest',
    { files: [{ path: 'model.safetensors', kind: 'weights', sha256: 'a'.repeat(64) }] },
    /its sha256 is a{64}, the server says [0-9a-f]{64}/,
  ],
  [
    'another digest of a small file',
    { files: [{ path: 'config.json', kind: 'config', sha256: 'b'.repeat(64) }] },
    /sha256 is b{64}, that of what came is/,
  ],
  ['a file that is not there', { files: [{ path: 'nothing.bin', kind: 'weights' }] }, /no file nothing\.bin/],
  [
    'a group of which nothing is there',
    { files: ['x.json', 'y.json'].map((path) => ({ path, kind: 'config', oneOf: 'g' })) },
    /none of x\.json, y\.json/,
  ],
  [
    'another revision',
    { source: { type: 'hub', repo: 'org/name', revision: 'd'.repeat(40), allow: ['*'] } },
    /no revision d{40}/,
  ],
])('an entry that says %s than the server is refused by name', async ([, more, says]) => {
  await using hub = await startHubServer({ repos: [repo] });
  using store = makeHubStore([unlockedEntry('asr.new', { type: 'hub', repo: 'org/name' }, more)]);
  const [outcome] = await store.fetch(['asr.new'], hub.url);
  expect(outcome).toMatchObject({ outcome: 'failed', failure: { code: 'ERR_MODEL_SOURCE' } });
  expect(outcome?.failure?.details.why).toMatch(says);
  expect(store.registry().model('asr.new').files).toBeUndefined();
});

test.for(['../../escape.json', '/etc/passwd', 'a\\..\\b.json', 'sub//x.json'])(
  'a path like %s is refused',
  async (path) => {
    await using hub = await startHubServer({ repos: [{ ...repo, files: { ...files, [path]: weights } }] });
    using store = makeHubStore([unlockedEntry('asr.new', { type: 'hub', repo: 'org/name', allow: ['**'] })]);
    const [outcome] = await store.fetch(['asr.new'], hub.url);
    expect(outcome?.failure?.details.why).toContain('which leads out of its folder');
    expect(store.files()).toEqual([]);
  },
);

test('a small file whose bytes do not have the git id of the list is not learned', async () => {
  await using hub = await startHubServer({ repos: [repo] });
  using store = makeHubStore([unlockedEntry('asr.new', source, { files: listed })]);
  hub.lie('config.json', { kind: 'wrong-bytes' });
  const [outcome] = await store.fetch(['asr.new'], hub.url);
  expect(outcome?.failure?.details.why).toMatch(/git id should be [0-9a-f]{40}, that of what came is/);
});

test('files of a plain server are learned by downloading them once', async () => {
  const plain = { 'a.th': Buffer.alloc(2_000_000, 'a'), 'b.th': Buffer.alloc(3000, 'b') };
  await using hub = await startHubServer({ plain });
  const from: EntryInput['source'] = { type: 'url', base: `${hub.url}/plain`, folder: 'torch/hub/checkpoints' };
  const unknown = Object.keys(plain).map((path) => ({ path, kind: 'weights' as const }));
  using store = makeHubStore([unlockedEntry('separate.new', from, { files: unknown })]);
  expect(await store.fetch(['separate.new'], hub.url)).toMatchObject([{ outcome: 'fetched' }]);
  expect(
    store
      .registry()
      .model('separate.new')
      .files?.map((file) => file.sha256),
  ).toEqual(Object.values(plain).map(sha256));
  expect(sha256(store.read('separate.new', 'a.th') ?? Buffer.alloc(0))).toBe(sha256(plain['a.th']));
  expect(hub.gets('a.th')).toHaveLength(1);
});

test('an answer that is no list of a hub is called so', async () => {
  await using hub = await startHubServer({ repos: [repo] });
  using store = makeHubStore([unlockedEntry('asr.new', source, { files: listed })]);
  hub.lieAboutApi('/revision/', { kind: 'error-page' });
  await expect(lockModel('asr.new', store.options(hub.url))).rejects.toMatchObject({
    code: 'ERR_MODEL_SOURCE',
    details: { why: expect.stringContaining('no list of a hub') },
  });
});

test('where nothing can be noted, unlocked models fail before a byte came and locked ones are fetched', async () => {
  const other: HubRepo = { repo: 'org/other', revision: REVISION, files: { 'a.json': Buffer.from('{}') } };
  await using hub = await startHubServer({ repos: [repo, other] });
  using store = makeHubStore([unlockedEntry('asr.new', source, { files: listed }), lockedEntry('asr.known', other)]);
  // A file where the folder should be refuses root as well.
  mkdirSync(join(store.localDir, '..'), { recursive: true });
  writeFileSync(store.localDir, '');
  chmodSync(store.localDir, 0o444);
  const outcomes = await store.fetch(['asr.new', 'asr.known'], hub.url);
  expect(outcomes).toMatchObject([
    { id: 'asr.new', outcome: 'failed', failure: { code: 'ERR_NOT_WRITABLE' } },
    { id: 'asr.known', outcome: 'fetched' },
  ]);
  expect(hub.requests.filter(({ path }) => path.includes('org/name'))).toEqual([]);
  expect(readFileSync(store.localDir, 'utf8')).toBe('');
});
