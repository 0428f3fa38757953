import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { FailureCode } from '../../shared/contract/failure.ts';
import type { FetchOptions, FetchProgress } from '../../shared/models/download/fetch-options.ts';
import { planFetch } from '../../shared/models/download/plan-fetch.ts';
import { problemOfFix } from '../helpers/fix-command.ts';
import { type HubLie, type HubRepo, sha256, startHubServer } from '../helpers/hub-server.ts';
import { type HubStore, lockedEntry, makeHubStore, urlEntry } from '../helpers/hub-store.ts';

const ID = 'asr.test';
const REVISION = '0123456789abcdef0123456789abcdef01234567';
/** Large enough for a journal. */
const weights = randomBytes(1_200_000);
const config = Buffer.from('{"layers": 12}\n');
const repo: HubRepo = {
  repo: 'org/name',
  revision: REVISION,
  files: { 'model.bin': weights, 'sub/config.json': config },
};

const incoming = (store: HubStore): readonly string[] =>
  existsSync(join(store.root, 'incoming')) ? readdirSync(join(store.root, 'incoming')) : [];
/** Compared by digest, since a list of a million differences helps nobody. */
const expectWeights = (store: HubStore, id = ID, path = 'model.bin'): void =>
  expect(sha256(store.read(id, path) ?? Buffer.alloc(0))).toBe(sha256(weights));
/** Nothing of a model that was not verified is where an engine would look for it. */
const expectNoModel = (store: HubStore): void => {
  expect(store.read(ID, 'model.bin')).toBeUndefined();
  const outside = store.files().filter((path) => !/^(incoming|quarantine)\//.test(path));
  expect(outside.filter((path) => !path.includes('config.json') && !/blobs\/[0-9a-f]{40}$/.test(path))).toEqual([]);
};

test('a model comes as a hub cache that is complete, by names and links that others can follow', async () => {
  await using hub = await startHubServer({ repos: [repo] });
  using store = makeHubStore([lockedEntry(ID, repo)]);
  const seen: FetchProgress[] = [];
  const [outcome] = await store.fetch([ID], hub.url, { onProgress: (at) => seen.push(at) });
  expect(outcome).toMatchObject({ outcome: 'fetched', fetchedBytes: weights.length + config.length, linkedBytes: 0 });
  const dir = join(store.root, 'huggingface/hub/models--org--name');
  expect(readlinkSync(join(dir, 'snapshots', REVISION, 'sub/config.json'))).toMatch(
    /^\.\.\/\.\.\/\.\.\/blobs\/[0-9a-f]{40}$/,
  );
  expectWeights(store);
  expect(existsSync(join(dir, 'blobs', sha256(weights)))).toBe(true);
  expect(readFileSync(join(dir, 'refs/main'), 'utf8')).toBe(REVISION);
  expect(seen.at(-1)).toMatchObject({ doneBytes: outcome?.fetchedBytes, totalBytes: outcome?.fetchedBytes });
  expect(incoming(store)).toEqual([]);

  const asked = hub.requests.length;
  expect(await store.fetch([ID], hub.url)).toMatchObject([{ outcome: 'already', fetchedBytes: 0 }]);
  expect(hub.requests).toHaveLength(asked);
});

/** Only who waits for a stall needs to call it one early; a busy machine looks like one. */
const impatientFor = ({ kind }: HubLie): Partial<FetchOptions> =>
  kind === 'stall' ? { patience: { stallMs: 250, connectMs: 1000, pauseMs: 5, longestPauseMs: 50 } } : {};

interface LieRow {
  readonly name: string;
  readonly lie: HubLie;
  readonly times?: number;
}

const row = (name: string, lie: HubLie, times?: number): LieRow => ({
  name,
  lie,
  ...(times !== undefined && { times }),
});

/** After these the right bytes come. */
const SURVIVED: readonly LieRow[] = [
  row('stalls once', { kind: 'stall', atPercent: 40 }),
  ...[1, 50, 99].map((atPercent) => row(`cuts the connection at ${atPercent} %`, { kind: 'reset', atPercent })),
  row('cuts the connection five times, each time further', { kind: 'reset', atPercent: 30 }, 5),
  row('has a wrong length once', { kind: 'wrong-length', by: -1000 }),
  row('ends early without a length', { kind: 'short-without-length', atPercent: 60 }),
  row('sends wrong bytes once', { kind: 'wrong-bytes' }),
  row('is busy', { kind: 'busy', status: 429, retryAfter: '0' }, 2),
  row('is down for a moment', { kind: 'busy', status: 503, retryAfter: 'Wed, 21 Oct 2015 07:28:00 GMT' }),
  row('fails for a moment', { kind: 'status', status: 500 }, 2),
  row('shows an error page once', { kind: 'error-page' }),
  row('is slow', { kind: 'slow', bytesPerSecond: 30e6 }),
];

test.for(SURVIVED)('a server that $name is survived', async ({ lie, times }) => {
  await using hub = await startHubServer({ repos: [repo] });
  using store = makeHubStore([lockedEntry(ID, repo)]);
  hub.lie('model.bin', lie, times);
  expect(await store.fetch([ID], hub.url, impatientFor(lie))).toMatchObject([{ outcome: 'fetched' }]);
  expectWeights(store);
  expect(incoming(store)).toEqual([]);
});

interface RefusedRow extends LieRow {
  readonly code: FailureCode;
  readonly says: RegExp;
}

const refused = (name: string, lie: HubLie, says: RegExp, code: FailureCode = 'ERR_MODEL_SOURCE'): RefusedRow => ({
  ...row(name, lie, 50),
  code,
  says,
});

const REFUSED: readonly RefusedRow[] = [
  refused('always stalls', { kind: 'stall', atPercent: 0 }, /3 tries without progress at 0 of 1200000 bytes.*0\.25 s/),
  refused(
    'always has a longer file',
    { kind: 'wrong-length', by: 7 },
    /announces 1200007 bytes, the registry knows 1200000/,
  ),
  refused(
    'always has a shorter file',
    { kind: 'wrong-length', by: -7 },
    /announces 1199993 bytes, the registry knows 1200000/,
  ),
  refused(
    'always has wrong bytes',
    { kind: 'wrong-bytes' },
    new RegExp(`sha256 is [0-9a-f]{64}, not ${sha256(weights)}.*quarantine`),
  ),
  refused('is always busy', { kind: 'busy', status: 429, retryAfter: '86400' }, /3 tries .*answered 429/),
  refused('packs what it sends', { kind: 'gzip' }, /packed \(gzip\)/),
  refused(
    'shows an error page',
    { kind: 'error-page' },
    /error page \(HTML\), not the file. It has \d+ bytes, the registry knows 1200000/,
  ),
  refused('sends on to a file', { kind: 'redirect', to: 'file:///etc/passwd' }, /leads to a file address/),
  refused('sends on to data', { kind: 'redirect', to: 'data:text/plain,x' }, /leads to a data address/),
  refused(
    'sends on into a private network',
    { kind: 'redirect', to: 'http://10.1.2.3/model.bin' },
    /10\.1\.2\.3, which is a private network/,
  ),
  refused(
    'sends on to the address of cloud secrets',
    { kind: 'redirect', to: 'http://169.254.169.254/latest' },
    /link-local/,
  ),
  refused('sends on in disguise', { kind: 'redirect', to: 'http://[::ffff:192.168.1.1]/x' }, /private network/),
  refused('sends on for ever', { kind: 'redirect', to: `/org/name/resolve/${REVISION}/model.bin` }, /6th in a row/),
  refused('has no such repository', { kind: 'status', status: 404, code: 'RepoNotFound' }, /no repository org\/name/),
  refused(
    'has no such revision',
    { kind: 'status', status: 404, code: 'RevisionNotFound' },
    new RegExp(`no revision ${REVISION}`),
  ),
  refused('has no such file', { kind: 'status', status: 404, code: 'EntryNotFound' }, /has no such file there \(404\)/),
  refused('refuses', { kind: 'status', status: 403 }, /answered 403/),
];

test.for(REFUSED)(
  'a server that $name is refused, with figures, and the rest of the store stays clean',
  async (refusal) => {
    await using hub = await startHubServer({ repos: [repo] });
    using store = makeHubStore([lockedEntry(ID, repo)]);
    hub.lie('model.bin', refusal.lie, refusal.times);
    const [outcome] = await store.fetch([ID], hub.url, impatientFor(refusal.lie));
    expect(outcome).toMatchObject({ outcome: 'failed', failure: { code: refusal.code } });
    expect(outcome?.failure?.details.why).toMatch(refusal.says);
    expect(outcome?.failure?.details.fix?.map(problemOfFix).filter((problem) => problem !== undefined)).toEqual([]);
    expectNoModel(store);
    // And nothing of it stands in the way of the next try.
    hub.reset();
    expect(await store.fetch([ID], hub.url)).toMatchObject([{ outcome: 'fetched' }]);
    expectWeights(store);
  },
);

describe('a download that was stopped', () => {
  const half = 600_000;
  /** A store with the first half of the weights on its way, as a kill leaves it. */
  async function halfway(
    hub: { readonly url: string },
    journal: object | undefined,
    bytes = weights.subarray(0, half),
  ): Promise<HubStore> {
    const store = makeHubStore([lockedEntry(ID, repo)]);
    mkdirSync(join(store.root, 'incoming'), { recursive: true });
    const at = join(store.root, 'incoming', sha256(weights));
    writeFileSync(`${at}.part`, bytes);
    const usual = { schema: 'part/1', endpoint: hub.url, etag: `"${sha256(weights)}"`, bytes: weights.length };
    if (journal !== undefined) writeFileSync(`${at}.json`, JSON.stringify({ ...usual, ...journal }));
    return store;
  }

  test('asks for the rest only', async () => {
    await using hub = await startHubServer({ repos: [repo] });
    using store = await halfway(hub, {});
    expect(await store.fetch([ID], hub.url)).toMatchObject([
      { outcome: 'fetched', fetchedBytes: weights.length - half + config.length },
    ]);
    expect(hub.gets('model.bin')).toMatchObject([
      { from: half, status: 206, headers: { 'if-range': `"${sha256(weights)}"` } },
    ]);
    expectWeights(store);
  });

  test.for<readonly [string, object | undefined, HubLie | undefined, readonly number[], boolean]>([
    ['starts anew without a journal', undefined, undefined, [0], true],
    ['starts anew when the journal is of another size', { bytes: 5 }, undefined, [0], true],
    ['starts anew when the server has another file by now', { etag: '"old"' }, undefined, [half], true],
    ['takes the whole file from a server that knows no ranges', {}, { kind: 'ignore-range' }, [half], true],
    ['asks again when other bytes come than were asked for', {}, { kind: 'other-range' }, [half, half], true],
    ['starts anew when the server has nothing from there on', {}, { kind: 'range-not-satisfiable' }, [half, 0], true],
    ['starts anew when the ETag changes in the middle', {}, { kind: 'new-etag' }, [half], true],
  ])('%s', async ([, journal, lie, froms]) => {
    await using hub = await startHubServer({ repos: [repo] });
    using store = await halfway(hub, journal);
    if (lie !== undefined) hub.lie('model.bin', lie);
    expect(await store.fetch([ID], hub.url)).toMatchObject([{ outcome: 'fetched' }]);
    expect(hub.gets('model.bin').map(({ from }) => from)).toEqual(froms);
    expectWeights(store);
  });

  test('is completed by another server, and damage in what was there is found', async () => {
    await using hub = await startHubServer({ repos: [repo] });
    const damaged = Buffer.from(weights.subarray(0, half));
    damaged[1000] = (damaged[1000] ?? 0) ^ 1;
    using store = await halfway(hub, { endpoint: 'https://mirror.example' }, damaged);
    expect(await store.fetch([ID], hub.url)).toMatchObject([{ outcome: 'fetched' }]);
    expect(hub.gets('model.bin').map(({ from }) => from)).toEqual([half, 0]);
    expectWeights(store);
    expect(readFileSync(join(store.root, 'quarantine', sha256(weights)))).toHaveLength(weights.length);
  });

  test('asks nothing when everything was in', async () => {
    await using hub = await startHubServer({ repos: [repo] });
    using store = await halfway(hub, {}, weights);
    expect(await store.fetch([ID], hub.url)).toMatchObject([{ outcome: 'fetched' }]);
    expect(hub.gets('model.bin')).toEqual([]);
  });
});

describe('several models', () => {
  const other: HubRepo = {
    repo: 'org/other',
    revision: REVISION,
    files: { 'same.bin': weights, 'own.bin': randomBytes(2000) },
  };

  test('one that fails stops no other, and what a repository lacks is named', async () => {
    await using hub = await startHubServer({ repos: [other] });
    using store = makeHubStore([lockedEntry(ID, repo), lockedEntry('asr.other', other, { requires: [ID] })]);
    const outcomes = await store.fetch(['asr.other'], hub.url);
    expect(outcomes).toMatchObject([
      { id: ID, outcome: 'failed', failure: { code: 'ERR_MODEL_SOURCE' } },
      { id: 'asr.other', outcome: 'fetched' },
    ]);
    expectWeights(store, 'asr.other', 'same.bin');
  });

  test('the same bytes are fetched once, at once or later, and linked', async () => {
    await using hub = await startHubServer({ repos: [repo, other] });
    using store = makeHubStore([lockedEntry(ID, repo), lockedEntry('asr.other', other)]);
    expect(await store.fetch([ID], hub.url)).toMatchObject([{ linkedBytes: 0 }]);
    const plan = await planFetch(['asr.other'], store.options(hub.url));
    expect(plan.models).toMatchObject([{ missingBytes: 2000, linkedBytes: weights.length, missingFiles: 1 }]);
    expect(await store.fetch(['asr.other'], hub.url)).toMatchObject([
      { fetchedBytes: 2000, linkedBytes: weights.length },
    ]);
    expect(hub.gets('same.bin')).toEqual([]);

    using both = makeHubStore([lockedEntry(ID, repo), lockedEntry('asr.other', other)]);
    await both.fetch([ID, 'asr.other'], hub.url);
    expectWeights(both, 'asr.other', 'same.bin');
    expect([...hub.gets('same.bin'), ...hub.gets('model.bin')]).toHaveLength(2);
  });

  test('a file that is damaged in the store is fetched again and replaced', async () => {
    await using hub = await startHubServer({ repos: [repo] });
    using store = makeHubStore([lockedEntry(ID, repo)]);
    await store.fetch([ID], hub.url);
    const blob = join(store.root, 'huggingface/hub/models--org--name/blobs', sha256(weights));
    const damaged = Buffer.from(weights);
    damaged[7] = (damaged[7] ?? 0) ^ 1;
    writeFileSync(`${blob}.new`, damaged);
    renameSync(`${blob}.new`, blob);
    expect(await store.fetch([ID], hub.url)).toMatchObject([{ outcome: 'fetched', fetchedBytes: weights.length }]);
    expectWeights(store);
  });

  test('servers are tried in order, and each is named when none helps', async () => {
    await using broken = await startHubServer({ repos: [repo] });
    await using hub = await startHubServer({ repos: [repo] });
    broken.lie('model.bin', { kind: 'wrong-bytes' }, 9);
    using store = makeHubStore([lockedEntry(ID, repo)]);
    expect(await store.fetch([ID], [broken.url, hub.url])).toMatchObject([{ outcome: 'fetched' }]);
    expectWeights(store);

    hub.lie('model.bin', { kind: 'status', status: 404 }, 9);
    using second = makeHubStore([lockedEntry(ID, repo)]);
    const [outcome] = await second.fetch([ID], [broken.url, hub.url]);
    const hosts = [broken.url, hub.url].map((url) => new URL(url).host);
    for (const host of hosts) expect(outcome?.failure?.details.why).toContain(host);
    expectNoModel(second);
  });

  test('a plain server is asked for its files after the mirror, both without the token', async () => {
    const files = { 'weights.th': randomBytes(5000) };
    await using hub = await startHubServer({ plain: files });
    using store = makeHubStore([urlEntry('separate.test', `${hub.url}/plain`, files)]);
    expect(await store.fetch(['separate.test'], hub.url, { token: 'secret' })).toMatchObject([{ outcome: 'fetched' }]);
    expect(readFileSync(join(store.root, 'torch/hub/checkpoints/weights.th'))).toEqual(files['weights.th']);
    expect(hub.requests.map(({ path, headers }) => [path, headers.authorization])).toEqual([
      ['/url/separate.test/weights.th', undefined],
      ['/plain/weights.th', undefined],
    ]);
  });

  test('a stop by the user keeps what came', async () => {
    await using hub = await startHubServer({ repos: [repo] });
    using store = makeHubStore([lockedEntry(ID, repo)]);
    hub.lie('model.bin', { kind: 'slow', bytesPerSecond: 2e6 });
    const signal = AbortSignal.timeout(400);
    await expect(store.fetch([ID], hub.url, { signal })).rejects.toMatchObject({ code: 'ERR_CANCELLED' });
    expectNoModel(store);
    expect(await store.fetch([ID], hub.url)).toMatchObject([{ outcome: 'fetched' }]);
    expect(hub.gets('model.bin')[1]?.from).toBeGreaterThan(100_000);
  });
});
