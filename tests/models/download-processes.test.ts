import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { makeSmallDisk } from '../fault/small-disk.ts';
import { type HubRepo, type HubServer, sha256, startHubServer } from '../helpers/hub-server.ts';
import { type HubStore, lockedEntry, makeHubStore } from '../helpers/hub-store.ts';

const ID = 'asr.test';
const MIB = 1 << 20;
const SCRIPT = resolve(import.meta.dirname, '../helpers/hub-downloader.ts');

interface Downloader {
  readonly child: ChildProcess;
  /** What it printed at its end. */
  ended(): Promise<Record<string, unknown>>;
}

function startDownloader(store: HubStore, hub: HubServer, before: readonly string[] = []): Downloader {
  const argv = [...before, process.execPath, SCRIPT, store.dir, hub.url, ID];
  const [program, ...args] = argv as unknown as [string, ...string[]];
  const child = spawn(program, args, { env: { PATH: process.env.PATH ?? '' }, stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout?.on('data', (data: Buffer) => (text += data.toString()));
  return {
    child,
    async ended() {
      if (child.exitCode === null && child.signalCode === null) await once(child, 'close');
      return JSON.parse(text) as Record<string, unknown>;
    },
  };
}

const repoOf = (bytes: number): HubRepo => ({
  repo: 'org/name',
  revision: 'b'.repeat(40),
  files: { 'model.bin': randomBytes(bytes), 'config.json': Buffer.from('{}') },
});

const sizeOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0;
const until = async (isSo: () => boolean, what: string): Promise<void> => {
  const deadline = performance.now() + 20_000;
  while (!isSo()) {
    if (performance.now() > deadline) throw new Error(`waited in vain until ${what}`);
    await sleep(5);
  }
};

/** Kills a downloader so many times at places all over a file, then lets one finish. */
async function killTimes(times: number): Promise<void> {
  const repo = repoOf(24 * MIB);
  const weights = repo.files['model.bin'] ?? Buffer.alloc(0);
  await using hub = await startHubServer({ repos: [repo] });
  using store = makeHubStore([lockedEntry(ID, repo)]);
  const part = join(store.root, 'incoming', `${sha256(weights)}.part`);
  hub.lie('model.bin', { kind: 'slow', bytesPerSecond: 60e6 }, times);
  for (let kill = 1; kill <= times; kill += 1) {
    const { child } = startDownloader(store, hub);
    // By what is on the disk: a server counts what still lies in a socket, too.
    const mark = Math.max(sizeOf(part) + 1, (weights.length * (kill - Math.random())) / (times + 1));
    await until(() => sizeOf(part) >= mark, `${mark} bytes are there`);
    child.kill('SIGKILL');
    await once(child, 'close');
  }
  expect(store.read(ID, 'model.bin')).toBeUndefined();
  expect(await startDownloader(store, hub).ended()).toMatchObject({ outcomes: [{ outcome: 'fetched' }] });
  expect(sha256(store.read(ID, 'model.bin') ?? Buffer.alloc(0))).toBe(sha256(weights));
  const gets = hub.gets('model.bin');
  const again = gets.slice(1).map(({ from }, index) => (gets[index]?.from ?? 0) + (gets[index]?.sentBytes ?? 0) - from);
  expect(gets).toHaveLength(times + 1);
  expect(gets.at(-1)?.from).toBeGreaterThan(weights.length / 2);
  expect(Math.max(...again), `fetched again: ${again.join(' ')}`).toBeLessThanOrEqual(8 * MIB);
  expect(store.files().filter((path) => /incoming|quarantine|~/.test(path))).toEqual([]);
}

test('five downloads killed at once go on where they were, without a manual step', () => killTimes(5));

// Not part of ./test.sh: ./test.sh --full models
if (process.env.BABELREEL_TEST_FULL === '1') {
  describe('the long form', () => {
    test('fifty downloads killed at once go on where they were', () => killTimes(50));
  });
}

test('two downloaders at once fetch once; the second waits and says for whom', async () => {
  const repo = repoOf(2 * MIB);
  await using hub = await startHubServer({ repos: [repo] });
  using store = makeHubStore([lockedEntry(ID, repo)]);
  hub.lie('model.bin', { kind: 'slow', bytesPerSecond: 2e6 });
  const both = [startDownloader(store, hub), startDownloader(store, hub)];
  const ends = await Promise.all(both.map((one) => one.ended()));
  const outcomes = (ends as { outcomes: { outcome: string }[] }[]).map(({ outcomes: [row] }) => row?.outcome);
  expect(outcomes.sort()).toEqual(['already', 'fetched']);
  expect(hub.gets('model.bin')).toHaveLength(1);
  expect(hub.gets('config.json')).toHaveLength(1);
  expect(JSON.stringify(ends)).toMatch(/being written by process \d+ on .*; waiting for it/);
});

test('a disk that fills midway keeps the part and nothing else, and the download goes on when there is room', async () => {
  const repo = repoOf(3 * MIB);
  await using hub = await startHubServer({ repos: [repo] });
  using store = makeHubStore([lockedEntry(ID, repo)]);
  await using disk = await makeSmallDisk(store.root, '6m');
  const onDisk = (...args: readonly string[]): string => {
    const [program, ...rest] = [...disk.before, ...args] as [string, ...string[]];
    return spawnSync(program, rest, { encoding: 'utf8' }).stdout;
  };
  hub.lie('model.bin', { kind: 'slow', bytesPerSecond: 2e6 });
  const first = startDownloader(store, hub, disk.before);
  await until(() => (hub.gets('model.bin')[0]?.sentBytes ?? 0) > 500_000, 'it is under way');
  onDisk('dd', 'if=/dev/zero', `of=${join(store.root, 'fill')}`, 'bs=64k', 'count=200');
  expect(await first.ended()).toMatchObject({
    outcomes: [
      { outcome: 'failed', failure: { code: 'ERR_DISK_FULL', why: expect.stringMatching(/Needed 3.1 MB .* free/) } },
    ],
  });
  const left = onDisk('find', store.root, '-name', 'model.bin', '-o', '-size', '+100k')
    .split('\n')
    .filter((path) => path !== '');
  expect(left.filter((path) => !path.endsWith('/fill'))).toEqual([
    expect.stringMatching(/incoming\/[0-9a-f]{64}\.part$/),
  ]);
  onDisk('rm', '-f', join(store.root, 'fill'));
  await disk.enlarge('8m');
  expect(await startDownloader(store, hub, disk.before).ended()).toMatchObject({ outcomes: [{ outcome: 'fetched' }] });
  expect(hub.gets('model.bin')[1]?.from).toBeGreaterThan(200_000);
});

test('what cannot fit is refused with figures before a byte is asked for', async () => {
  const repo = repoOf(2 * MIB);
  await using hub = await startHubServer({ repos: [repo] });
  const entry = lockedEntry(ID, repo);
  const huge = { ...entry, files: entry.files?.map((file) => ({ ...file, bytes: 5e15 })) };
  using store = makeHubStore([huge]);
  await expect(store.fetch([ID], hub.url)).rejects.toMatchObject({
    code: 'ERR_DISK_FULL',
    details: { why: expect.stringMatching(/^Needed 10200000\.00 GB in .*, \d+\.\d\d GB free\.$/) },
  });
  using small = makeHubStore([entry]);
  await expect(small.fetch([ID], hub.url, { quotaGB: 0.001 })).rejects.toMatchObject({
    code: 'ERR_DISK_FULL',
    details: { why: expect.stringMatching(/Needed 2\.14 MB .* quota of 0\.001 GB/) },
  });
  expect(hub.requests).toEqual([]);
});

test('a store that cannot be written says so at once, and one that lacks nothing is not written', async () => {
  const repo = repoOf(1000);
  await using hub = await startHubServer({ repos: [repo] });
  using store = makeHubStore([lockedEntry(ID, repo)]);
  const places = { projectDir: store.dir, roots: { environments: store.dir, models: ['/sys/babelreel-models'] } };
  await expect(store.fetch([ID], hub.url, { places })).rejects.toMatchObject({ code: 'ERR_NOT_WRITABLE' });
  expect(hub.requests).toEqual([]);
  await store.fetch([ID], hub.url);
  rmSync(join(store.root, '.lock'), { recursive: true });
  expect(await store.fetch([ID], hub.url)).toMatchObject([{ outcome: 'already' }]);
  expect(existsSync(join(store.root, '.lock'))).toBe(false);
});

test('the mark of a dead downloader is taken away, that of one elsewhere is waited for', async () => {
  const repo = repoOf(1000);
  await using hub = await startHubServer({ repos: [repo] });
  using store = makeHubStore([lockedEntry(ID, repo)]);
  mkdirSync(join(store.root, '.lock'), { recursive: true });
  const elsewhere = join(store.root, '.lock', '.lock-store@other-host~other-boot~1~77~88~0');
  writeFileSync(elsewhere, '');
  setTimeout(() => rmSync(elsewhere), 500);
  const messages: string[] = [];
  const started = performance.now();
  expect(await store.fetch([ID], hub.url, { onMessage: (text) => messages.push(text) })).toMatchObject([
    { outcome: 'fetched' },
  ]);
  expect(performance.now() - started).toBeGreaterThan(450);
  expect(messages).toEqual([expect.stringContaining('process 77 on other-host')]);
});
