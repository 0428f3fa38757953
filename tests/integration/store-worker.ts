import { spawnSync } from 'node:child_process';
import { closeSync, globSync, mkdirSync, openSync, readdirSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { JobId } from '../../shared/contract/ids.ts';
import { openState } from '../../shared/store/database.ts';
import { acquireJobLease } from '../../shared/store/leases.ts';
import { openStore } from '../../shared/store/store.ts';
import { openTaskMemo } from '../../shared/store/task-memo.ts';
import { rootsIn, sampleRecord } from '../helpers/store-samples.ts';

/** The other process of the store's integration tests: `node store-worker.ts <what> <folder> [more]`. One line of stdout per event. */
const [what, dir, ...more] = process.argv.slice(2) as [string, string, ...string[]];
const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** Publishes stages of two outputs and one memoised clip each until it is killed. */
async function publishForEver(): Promise<void> {
  const store = openStore(rootsIn(dir));
  for (let n = 0; ; n += 1) {
    const scratch = store.makeScratch('stage');
    const name = `${more[0]}-${n}`;
    const write = (port: string, content: string): string => {
      writeFileSync(join(scratch, port), content);
      return join(scratch, port);
    };
    const clip = await store.memo.putObject(write('clip', `clip of ${name}`));
    const files = { text: write('text', `text of ${name} `.repeat(500)), json: write('json', `{"of":"${name}"}`) };
    await store.publish({ record: sampleRecord(name), files, refs: [clip.digest] });
    say(name);
  }
}

/** Puts 300 answers, half of them with keys that the others put as well. */
async function memoise(): Promise<void> {
  using memo = openTaskMemo(dir);
  for (let n = 0; n < 300; n += 1) {
    const key = n % 2 === 0 ? `shared ${n}` : `${more[0]} ${n}`;
    const file = join(dir, `clip of ${more[0]}`);
    writeFileSync(file, `clip of ${key}`);
    const object = await memo.putObject(file);
    memo.put(key, { reply: { key }, objects: [object] });
    if ((await memo.recall(key)) === undefined) throw new Error(`lost ${key}`);
  }
  say('done');
}

/** Publishes `<more>/source`, altered each time, until there is no room: in a file system of 2 MB (`tmpfs`) or under a limit of file size. */
async function fill(): Promise<void> {
  mkdirSync(dir, { recursive: true });
  if (more[0] === 'tmpfs') {
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', dir]);
    if (mounted.status !== 0) return say(JSON.stringify({ unsupported: String(mounted.stderr) }));
  } else {
    // The limit's signal would end the process before the write could fail.
    process.on('SIGXFSZ', () => {});
  }
  const objects = join(dir, 'objects');
  const store = openStore({ ...rootsIn(more[1] as string), objects });
  const source = join(more[1] as string, 'source');
  for (let n = 0; n < 40; n += 1) {
    alter(source, `${n} `);
    try {
      await store.publish({ record: sampleRecord(`stage ${n}`), files: { out: source }, refs: [] });
    } catch (error) {
      const { code, exitCode, details } = error as { code: string; exitCode: number; details: { why: string } };
      const record = store.readRecord(sampleRecord(`stage ${n}`).fingerprint);
      const incoming = readdirSync(join(objects, 'incoming'));
      const objectsLeft = globSync(join(objects, '??', '*')).length;
      return say(
        JSON.stringify({ n, code, exitCode, why: details.why, record: record ?? null, incoming, objectsLeft }),
      );
    }
  }
  say(JSON.stringify({ filled: false }));
}

function alter(file: string, text: string): void {
  const handle = openSync(file, 'r+');
  writeSync(handle, text);
  closeSync(handle);
}

/** Takes the lease of a job and keeps it until it is killed. */
async function hold(): Promise<void> {
  const lease = acquireJobLease(openState(dir), more[0] as JobId);
  say(`epoch ${lease.epoch}`);
  await new Promise((resolve) => setTimeout(resolve, 60_000));
}

/** Opens the state, writes a little and closes it again. */
function openAndWrite(): void {
  for (let n = 0; n < 10; n += 1) {
    using state = openState(dir);
    const row = state.db.prepare("INSERT INTO file_digest VALUES (?, '', '', '')");
    state.write(() => row.run(`${process.pid} ${n}`));
  }
  say('done');
}

const actions = { publishForEver, memoise, fill, hold, openAndWrite };
await actions[what as keyof typeof actions]();
