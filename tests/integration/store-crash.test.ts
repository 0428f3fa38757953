import { existsSync, globSync, readdirSync } from 'node:fs';
import { basename } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { Digest, Fingerprint } from '../../shared/contract/ids.ts';
import { openStore } from '../../shared/store/store.ts';
import { startStoreProcess } from '../helpers/store-process.ts';
import { fingerprintFor, rootsIn, type TemporaryFolder, temporaryFolder } from '../helpers/store-samples.ts';

const KILLS = 20;

test('a publisher that is killed at any moment leaves no record or a whole one with all its objects', async () => {
  using dir = temporaryFolder();
  const roots = rootsIn(dir.path);
  const acknowledged: string[] = [];
  for (let round = 0; round < KILLS; round += 1) {
    const publisher = startStoreProcess(['publishForEver', dir.path, `round ${round}`]);
    // The first line says that it is at work; from there on the kill falls anywhere into one publication.
    acknowledged.push(await publisher.line());
    await sleep((round * 7.3) % 23);
    await publisher.kill();
  }

  using store = openStore(roots);
  const records = globSync(dir.at('records', '??', '*.json')).map((path) => basename(path, '.json') as Fingerprint);
  for (const fingerprint of records) {
    const record = store.readRecord(fingerprint);
    if (record === undefined) throw new Error(`${fingerprint} is not a whole record`);
    const named: Digest[] = [...Object.values(record.outputs).map(({ digest }) => digest), ...record.refs];
    expect(named).toHaveLength(3);
    for (const digest of named) expect(await store.objects.verify(digest, { deep: true })).toBe('ok');
  }
  for (const name of acknowledged) expect(records).toContain(fingerprintFor(name));

  // What the dead left lying about goes at the next start, and nothing else does.
  const left = [dir.at('objects', 'incoming'), dir.at('records', 'tmp'), dir.at('scratch')];
  expect(readdirSync(dir.at('scratch')).length).toBeGreaterThanOrEqual(KILLS);
  await store.sweep();
  expect(left.flatMap((folder) => (existsSync(folder) ? readdirSync(folder) : []))).toEqual([]);
  expect(globSync(dir.at('records', '??', '*.json'))).toHaveLength(records.length);
});

test('a full disk is said with figures, and nothing half-written is kept', async () => {
  using dir = temporaryFolder();
  // A small file system of its own; where the machine lets nobody mount one, the limit below stands in for it.
  const namespace = process.getuid?.() === 0 ? ['unshare', '-m'] : ['unshare', '-rm'];
  expectFull((await fillDisk(dir, 'tmpfs', namespace)) ?? (await fillDisk(dir, 'limit', LIMIT)));
});

test('a limit on the size of files is a full disk too', async () => {
  using dir = temporaryFolder();
  expectFull(await fillDisk(dir, 'limit', LIMIT));
});

const LIMIT = ['prlimit', '--fsize=150000'];

interface Full {
  readonly n: number;
  readonly why: string;
  readonly objectsLeft: number;
  readonly unsupported?: string;
}

function expectFull(full: Full | undefined): void {
  expect(full).toMatchObject({ code: 'ERR_DISK_FULL', exitCode: 9, record: null, incoming: [], objectsLeft: full?.n });
  expect(full?.why).toMatch(/^Needed 0\.2 MB in .*incoming, [\d,.]+ MB free/);
}

/** How it ended; undefined when this machine has no such thing. */
async function fillDisk(dir: TemporaryFolder, how: string, before: readonly string[]): Promise<Full | undefined> {
  dir.file('source', Buffer.alloc(200_000));
  const filler = startStoreProcess(['fill', dir.at(how), how, dir.path], before);
  const line = await filler.line().catch((error: unknown) => JSON.stringify({ unsupported: String(error) }));
  await filler.ended();
  const answer = JSON.parse(line) as Full;
  return answer.unsupported === undefined ? answer : undefined;
}
