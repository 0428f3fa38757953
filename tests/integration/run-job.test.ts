import { chmodSync, existsSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { z } from 'zod';
import type { JobEvent } from '../../shared/contract/event.ts';
import type { Digest } from '../../shared/contract/ids.ts';
import { file, stream } from '../../shared/contract/ports.ts';
import { defineStage, forgetTypes } from '../../shared/contract/stage.ts';
import { lookFinished } from '../../shared/runner/finished.ts';
import { readJobState } from '../../shared/runner/job-state.ts';
import { objectPathIn } from '../../shared/store/object-path.ts';
import { COLLECT, FAKE_STAGES, fakeEngine, fakeMachine, makeFakeJob, SHOUT, SOURCE } from '../helpers/fake-job.ts';

type EventOf<T extends JobEvent['type']> = JobEvent extends infer E
  ? E extends { readonly type: infer U }
    ? T extends U
      ? E & { readonly type: T }
      : never
    : never
  : never;
const of = <T extends JobEvent['type']>(events: readonly JobEvent[], type: T) =>
  events.filter((event) => event.type === type) as unknown as EventOf<T>[];
const CODE = { source: 'a', shout: 'b', collect: 'c' };
const look = (job: ReturnType<typeof makeFakeJob>) =>
  lookFinished({ id: job.manifest.id, roots: job.settings.roots, code: CODE });

test('a job delivers what its stages made', async () => {
  const job = makeFakeJob({ lines: ['one', 'two', 'three'] });
  const result = await job.run();
  expect(readFileSync(job.deliveredPath('film.txt'), 'utf8')).toBe('ONE\nTWO\nTHREE\n');
  expect(result.ran).toHaveLength(3);
  expect(result.engineStats['translate/fake']).toMatchObject({ starts: 1, loads: 1, calls: 3 });
});

test('a second run of a finished job starts no engine and runs no stage', async () => {
  const job = makeFakeJob({ lines: ['one'] });
  await job.run();
  expect(look(job).finished).toBe(true);
  const again = await job.run();
  expect(again.ran).toEqual([]);
  expect(again.engineStats).toEqual({});
});

test('a deliverable that is gone is copied again without running anything', async () => {
  const job = makeFakeJob({ lines: ['one'] });
  await job.run();
  rmSync(job.deliveredPath('film.txt'));
  expect(look(job).finished).toBe(false);
  const again = await job.run();
  expect(again.ran).toEqual([]);
  expect(again.delivered[0]?.status).toBe('written');
  expect(readFileSync(job.deliveredPath('film.txt'), 'utf8')).toBe('ONE\n');
});

test('a deliverable changed by hand is kept and named, and replaced only with overwrite', async () => {
  const job = makeFakeJob({ lines: ['one'] });
  await job.run();
  writeFileSync(job.deliveredPath('film.txt'), 'mine');
  expect(look(job).finished).toBe(false);
  expect((await job.run()).delivered[0]?.status).toBe('kept');
  expect(readFileSync(job.deliveredPath('film.txt'), 'utf8')).toBe('mine');
  expect((await job.run({ overwrite: true })).delivered[0]?.status).toBe('written');
  expect(readFileSync(job.deliveredPath('film.txt'), 'utf8')).toBe('ONE\n');
});

test('a deleted object is made again only when a missing deliverable needs it', async () => {
  const job = makeFakeJob({ lines: ['one'] });
  const first = await job.run();
  const digest = first.records.get('collect')?.outputs.text?.digest as Digest;
  rmSync(objectPathIn(job.settings.roots.objects, digest));
  expect((await job.run()).ran).toEqual([]);
  rmSync(job.deliveredPath('film.txt'));
  const again = await job.run();
  expect(again.ran).toEqual(['collect']);
  expect(readFileSync(job.deliveredPath('film.txt'), 'utf8')).toBe('ONE\n');
});

test('a touched but equal film is hashed once and remembered; a changed one is refused', async () => {
  const job = makeFakeJob({ lines: ['one'] });
  await job.run();
  utimesSync(job.mediaPath, 1, 1);
  expect(look(job).finished).toBe(false);
  expect((await job.run()).ran).toEqual([]);
  expect(look(job).finished).toBe(true);
  writeFileSync(job.mediaPath, 'two\n');
  await expect(job.run()).rejects.toMatchObject({ code: 'ERR_MEDIA_CHANGED', exitCode: 3 });
});

test('a parameter of a later stage runs that stage and its readers only', async () => {
  const job = makeFakeJob({ lines: ['one', 'two'] });
  await job.run();
  const other = makeFakeJob({
    lines: ['one', 'two'],
    dir: job.dir,
    id: 'job-2',
    graph: [SOURCE, { ...SHOUT, params: { suffix: '!' } }, COLLECT],
  });
  const result = await other.run();
  expect([...result.ran].sort()).toEqual(['collect', 'shout']);
  // The engine was asked the same questions before: its answers come from the memo, and no worker starts.
  expect(result.engineStats['translate/fake']).toMatchObject({ starts: 0, calls: 0, memoHits: 2 });
  expect(of(other.events, 'stage.done').find((event) => event.stage === 'shout')?.rederived).toBe(true);
});

test('changed code of a first stage whose output stays the same does not run the rest again', async () => {
  const job = makeFakeJob({ lines: ['one'] });
  await job.run();
  const again = await job.run({ code: { ...CODE, source: 'a2' } });
  expect(again.ran).toContain('source');
  expect(
    of(job.events, 'stage.start')
      .filter((event) => event.epoch === 2)
      .map((event) => event.stage),
  ).not.toContain('collect');
  expect(again.engineStats['translate/fake']?.starts ?? 0).toBe(0);
});

test('a stage reads its producer while that one is still writing', async () => {
  const slow = defineStage({
    id: 'source',
    purpose: '',
    params: z.object({}),
    inputs: { media: file('text/plain') },
    outputs: { lines: stream(z.object({ text: z.string() })) },
    async run({ outputs }) {
      await outputs.lines.write({ text: 'first' });
      await sleep(1500);
      await outputs.lines.write({ text: 'last' });
    },
  });
  const job = makeFakeJob({ lines: ['x'], stages: new Map([...FAKE_STAGES, ['source', forgetTypes(slow)]]) });
  await job.run();
  const started = of(job.events, 'task.start')[0];
  const done = of(job.events, 'stage.done').find((event) => event.stage === 'source');
  expect(started?.seq).toBeLessThan(done?.seq ?? 0);
  expect(readFileSync(job.deliveredPath('film.txt'), 'utf8')).toBe('FIRST\nLAST\n');
});

test('a failure ends its readers as cancelled because of it, and what does not depend on it is finished', async () => {
  const graph = [
    SOURCE,
    SHOUT,
    COLLECT,
    { ...COLLECT, id: 'plain', stage: 'collect', inputs: { lines: 'source.lines' } },
  ];
  const deliverables = [
    { from: 'collect.text', to: 'film.txt' },
    { from: 'plain.text', to: 'plain.txt' },
  ];
  const job = makeFakeJob({ lines: ['refuse'], graph, deliverables });
  await expect(job.run()).rejects.toMatchObject({ code: 'ERR_ENGINE_REFUSED', details: { stage: 'shout' } });
  expect(of(job.events, 'stage.cancelled')).toMatchObject([{ stage: 'collect', because: 'shout' }]);
  expect(readFileSync(job.deliveredPath('plain.txt'), 'utf8')).toBe('refuse\n');
  expect(existsSync(job.deliveredPath('film.txt'))).toBe(false);
});

test('a worker that dies once is replaced, and only its unanswered request is sent again', async () => {
  const marker = join(makeFakeJob({ lines: ['x'] }).dir, 'marker');
  const job = makeFakeJob({ lines: ['one', `die-once ${marker}`, 'two'] });
  const result = await job.run();
  expect(of(job.events, 'task.retry')).toHaveLength(1);
  expect(result.engineStats['translate/fake']?.starts).toBe(2);
  expect(readFileSync(job.deliveredPath('film.txt'), 'utf8').split('\n')).toHaveLength(4);
});

test('a second runner of the same job is refused at once and named', async () => {
  const job = makeFakeJob({ lines: ['sleep 1500'] });
  const first = job.run();
  await sleep(300);
  await expect(job.run()).rejects.toMatchObject({ code: 'ERR_JOB_LOCKED', exitCode: 8 });
  await first;
});

test('a stop keeps what is finished, and the next run goes on from there', async () => {
  const job = makeFakeJob({ lines: ['one', 'sleep 60000'] });
  const stop = new AbortController();
  const running = job.run({
    signal: stop.signal,
    onEvent: (event) => {
      if (event.type === 'task.end') stop.abort();
    },
  });
  const started = performance.now();
  await expect(running).rejects.toMatchObject({ code: 'ERR_CANCELLED', exitCode: 130 });
  expect(performance.now() - started).toBeLessThan(10_000);
  const events: JobEvent[] = [];
  const again = new AbortController();
  await expect(
    job.run({
      signal: again.signal,
      onEvent: (event) => {
        events.push(event);
        if (event.type === 'task.start') setTimeout(() => again.abort(), 300);
      },
    }),
  ).rejects.toMatchObject({ code: 'ERR_CANCELLED' });
  expect(of(events, 'stage.hit').map((event) => event.stage)).toContain('source');
  expect(of(events, 'task.memo')).toHaveLength(1);
});

test('stages that wait for each other are reported with who waits for whom', async () => {
  const stuck = defineStage({
    id: 'source',
    purpose: '',
    params: z.object({}),
    inputs: { media: file('text/plain') },
    outputs: { lines: stream(z.object({ text: z.string() })) },
    run: () => new Promise(() => {}),
  });
  const job = makeFakeJob({
    lines: ['x'],
    settings: { stall: 1 },
    stages: new Map([...FAKE_STAGES, ['source', forgetTypes(stuck)]]),
  });
  const error = await job.run().catch((caught: unknown) => caught);
  expect(error).toMatchObject({ code: 'ERR_STALL', exitCode: 70 });
  expect((error as { details: { why: string } }).details.why).toContain('shout waits for source.lines');
});

test('a stage that answers differently for the same key is said, and the first answer is kept', async () => {
  let call = 0;
  const random = defineStage({
    id: 'collect',
    purpose: '',
    params: z.object({}),
    inputs: { lines: stream(z.object({ text: z.string() })) },
    outputs: { text: file('text/plain') },
    whole: true,
    async run({ outputs }) {
      call += 1;
      writeFileSync(outputs.text.path, `${call}`);
    },
  });
  const job = makeFakeJob({ lines: ['one'], stages: new Map([...FAKE_STAGES, ['collect', forgetTypes(random)]]) });
  await job.run();
  await job.run({ force: 'collect' });
  expect(of(job.events, 'stage.warning').map((event) => event.code)).toContain('not-deterministic');
});

test('one edited line of the film asks the engine only about that line', async () => {
  const job = makeFakeJob({ lines: ['one', 'two', 'three'] });
  await job.run();
  const edited = makeFakeJob({ lines: ['one', 'TWO!', 'three'], dir: job.dir, id: 'job-2' });
  const result = await edited.run();
  expect(result.engineStats['translate/fake']).toMatchObject({ calls: 1, memoHits: 2 });
});

test('an engine that changed since the job was prepared is refused with the reason', async () => {
  const job = makeFakeJob({ lines: ['one'] });
  const machine = { ...fakeMachine(), identityOf: () => `sha256:${'9'.repeat(64)}` as Digest };
  await expect(job.run({ machine })).rejects.toMatchObject({ code: 'ERR_LOCK_MISMATCH', exitCode: 7 });
});

test('an engine that needs more memory than the machine has is refused with the figures', async () => {
  const job = makeFakeJob({ lines: ['one'] });
  const engines = new Map([
    [
      'translate/fake',
      fakeEngine('fake', {
        resources: { resident: { ramMiB: 99_000, vramMiB: 0 }, active: { cpu: 1 }, threads: 'fixed' },
      }),
    ],
  ]);
  await expect(job.run({ engines })).rejects.toMatchObject({ code: 'ERR_IMPOSSIBLE', exitCode: 9 });
});

test('events are numbered over all runs of a job, also after a half-written line', async () => {
  const job = makeFakeJob({ lines: ['one'] });
  await job.run();
  const path = join(job.settings.roots.out, job.manifest.id, 'events.jsonl');
  writeFileSync(path, '{"seq": 9', { flag: 'a' });
  await job.run();
  const events = readFileSync(path, 'utf8')
    .split('\n')
    .flatMap((line) => {
      try {
        return [JSON.parse(line) as JobEvent];
      } catch {
        return [];
      }
    });
  expect(events.map((event) => event.seq)).toEqual(events.map((_, index) => index + 1));
  expect(new Set(events.map((event) => event.epoch))).toEqual(new Set([1, 2]));
});

test('what a run leaves behind is readable state and no scratch folder', async () => {
  const job = makeFakeJob({ lines: ['one'] });
  await job.run();
  expect(Object.keys(readJobState(job.settings.roots.out, 'job-1').stages).sort()).toEqual([
    'collect',
    'shout',
    'source',
  ]);
  const { readdirSync } = await import('node:fs');
  expect(readdirSync(job.settings.roots.scratch)).toEqual([]);
  expect(statSync(job.deliveredPath('film.txt')).mode & 0o200).toBe(0o200);
  chmodSync(job.deliveredPath('film.txt'), 0o644);
});
