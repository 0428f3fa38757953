import {
  chmodSync,
  cpSync,
  globSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { JobEvent } from '../../shared/contract/event.ts';
import { type CommandResult, makeWorkspace, PROJECT_DIR } from '../helpers/workspace.ts';
import { batchWidths, engineCalls, startedAgain } from './engine-calls.ts';
import { eventsSoFar, freezeBusyWorker, type StartOptions, startRun, untilEvent } from './job-watch.ts';
import { leftovers } from './leftovers.ts';
import { untilGone } from './living-processes.ts';
import { deliverables, makeShortFilm, prepareDub } from './short-film.ts';
import { makeSmallDisk } from './small-disk.ts';

/** Runs that are stopped, by the user or by the death of a part, against one that nobody disturbed. */
const workspace = makeWorkspace();
const ASR = 'asr/moonshine';
/** In front of a command: root is bound by the modes of files like everybody else. */
const WITHOUT_OVERRIDE =
  process.getuid?.() === 0 ? ['setpriv', '--bounding-set', '-dac_override,-dac_read_search', '--'] : [];
let film = '';
let job = '';
let wanted: Readonly<Record<string, string>> = {};
let distinct: ReturnType<typeof engineCalls> = {};
const widths = await batchWidths();

const target = () => ({ workspace, job });
const events = (): readonly JobEvent[] => eventsSoFar(workspace, job);
const start = (options: StartOptions = {}) => startRun(workspace, ['run-pipeline', '-j', job], options);
const fresh = async (): Promise<void> => {
  workspace.forget();
  job = await prepareDub(workspace, film);
};

/** One message of the usual shape, and no stack anywhere. */
function expectMessage({ stderr }: CommandResult, code: string, exit: number): void {
  expect(stderr).toContain(`  ${code} (exit ${exit})`);
  expect(stderr.match(/^✗ \p{Lu}/gmu)).toHaveLength(1);
  expect(stderr).not.toMatch(/^\s+at .*:\d+|node:internal|crash\.log/m);
}

/** The same command again ends well, with the files of the undisturbed run, and computes nothing twice. */
async function expectGoesOn(): Promise<CommandResult> {
  const result = await workspace.run('run-pipeline', '-j', job);
  expect(result.code, result.stderr).toBe(0);
  expect(deliverables(workspace, job)).toEqual(wanted);
  expect(startedAgain(events())).toEqual([]);
  expect(leftovers(workspace)).toEqual([]);
  return result;
}

/** Over all runs, no engine got more requests than in the undisturbed one, but for the one batch that was under way at the stop. */
function expectNothingTwice(): void {
  for (const [engine, { started }] of Object.entries(engineCalls(events()))) {
    const width = widths.get(engine) ?? 0;
    expect(started, engine).toBeLessThanOrEqual((distinct[engine]?.started ?? 0) + width);
  }
}

async function expectNobodyLeft(): Promise<void> {
  expect((await untilGone(workspace.dir, 2_000)).left).toEqual([]);
}

beforeAll(async () => {
  film = await makeShortFilm(workspace, 9);
  await fresh();
  const result = await workspace.run('run-pipeline', '-j', job);
  if (result.code !== 0) throw new Error(result.stderr);
  wanted = deliverables(workspace, job);
  distinct = engineCalls(events());
});

afterAll(() => rmSync(workspace.dir, { recursive: true, force: true }));

describe('a run stopped by the user', () => {
  test('ends within 5 s of Ctrl-C with exit 130, says how to go on, keeps what is finished and goes on', async () => {
    await fresh();
    const running = start();
    // In the middle: something is finished, and a worker owes an answer.
    await untilEvent(target(), 'stage.done');
    const at = performance.now();
    running.signal('SIGINT');
    const result = await running.result;
    expect(performance.now() - at).toBeLessThanOrEqual(5_000);
    expect(result.code).toBe(130);
    expectMessage(result, 'ERR_CANCELLED', 130);
    expect(result.stderr).toContain(`./run-pipeline.sh -j ${job}`);
    await expectNobodyLeft();
    await expectGoesOn();
    expectNothingTwice();
  });

  test('ends within 5 s of Ctrl-C although a worker does not listen', async () => {
    await fresh();
    const running = start();
    await freezeBusyWorker(target(), ASR);
    const at = performance.now();
    running.signal('SIGINT');
    const result = await running.result;
    expect(performance.now() - at).toBeLessThanOrEqual(5_000);
    expect(result.code).toBe(130);
    expectMessage(result, 'ERR_CANCELLED', 130);
    await expectNobodyLeft();
    await expectGoesOn();
  });

  test('ends within 5 s of Ctrl-C although a worker hangs while it loads', async () => {
    await fresh();
    const running = start();
    const { pid } = await untilEvent(target(), 'worker.start', ({ engine }) => engine === ASR);
    process.kill(pid, 'SIGSTOP');
    await sleep(300);
    const at = performance.now();
    running.signal('SIGINT');
    const result = await running.result;
    expect(performance.now() - at).toBeLessThanOrEqual(5_000);
    expect(result.code).toBe(130);
    expectMessage(result, 'ERR_CANCELLED', 130);
    await expectNobodyLeft();
    await expectGoesOn();
  });

  test('ends at once at the second Ctrl-C', async () => {
    await fresh();
    const running = start();
    await freezeBusyWorker(target(), ASR);
    running.signal('SIGINT');
    await sleep(300);
    const at = performance.now();
    running.signal('SIGINT');
    const result = await running.result;
    expect(performance.now() - at).toBeLessThanOrEqual(1_000);
    expect(result.code).toBe(130);
    expect(result.stderr).not.toMatch(/^\s+at .*:\d+/m);
    await expectNobodyLeft();
    await expectGoesOn();
  });

  test.each([
    ['SIGTERM', 143],
    ['SIGHUP', 130],
  ] as const)('ends within 5 s of %s with exit %i', async (signal, exit) => {
    await fresh();
    const running = start();
    await untilEvent(target(), 'task.start');
    const at = performance.now();
    running.signal(signal);
    const result = await running.result;
    expect(performance.now() - at).toBeLessThanOrEqual(5_000);
    expect(result.code).toBe(exit);
    expectMessage(result, 'ERR_CANCELLED', exit);
    await expectNobodyLeft();
    await expectGoesOn();
  });
});

describe('a run that loses a worker', () => {
  const starts = () => events().filter((event) => event.type === 'worker.start' && event.engine === ASR).length;
  const retries = () =>
    events().flatMap((event) => (event.type === 'task.retry' ? [`${event.engine} ${event.code}`] : []));

  test('asks another one when it was killed, and ends as if nothing had happened', async () => {
    await fresh();
    const running = start();
    const pid = await freezeBusyWorker(target(), ASR);
    process.kill(pid, 'SIGKILL');
    const result = await running.result;
    expect(result.code, result.stderr).toBe(0);
    expect(retries()).toEqual([`${ASR} ERR_WORKER_DIED`]);
    expect(starts()).toBe(2);
    expect(deliverables(workspace, job)).toEqual(wanted);
    expect(engineCalls(events())[ASR]?.started).toBe((distinct[ASR]?.started ?? 0) + 1);
  });

  test('replaces it when it gives no sign of life, says so, and ends as if nothing had happened', async () => {
    await fresh();
    const running = start({ env: { BABELREEL_TIMEOUTS_WORKER_BEAT: '3' } });
    await freezeBusyWorker(target(), ASR);
    const result = await running.result;
    expect(result.code, result.stderr).toBe(0);
    expect(retries()).toEqual([`${ASR} ERR_WORKER_TIMEOUT`]);
    expect(result.stderr).toMatch(/asr.*ERR_WORKER_TIMEOUT/);
    expect(starts()).toBe(2);
    expect(deliverables(workspace, job)).toEqual(wanted);
    await expectNobodyLeft();
  });
});

describe('two runs of one job', () => {
  test('the second leaves within a second with exit 8 and names the first, which goes on', async () => {
    await fresh();
    const first = start();
    await untilEvent(target(), 'task.start');
    const second = await start().result;
    expect(second.code, second.stderr).toBe(8);
    expectMessage(second, 'ERR_JOB_LOCKED', 8);
    expect(second.stderr).toContain(
      `  Try:  kill -INT ${first.pid}\n  When it has ended:  ./run-pipeline.sh -j ${job}\n`,
    );
    expect(second.ms).toBeLessThanOrEqual(1_000);
    expect((await first.result).code).toBe(0);
    expect(deliverables(workspace, job)).toEqual(wanted);
  });
});

describe('an engine whose environment looks whole and does not work', () => {
  const environments = join(workspace.dir, 'environments');
  const broken = { env: { BABELREEL_ROOTS_ENVIRONMENTS: environments } };

  beforeAll(() => {
    const whole = join(PROJECT_DIR, '.cache/environments');
    mkdirSync(environments);
    for (const name of readdirSync(whole)) {
      if (name === 'pocketsphinx')
        cpSync(join(whole, name), join(environments, name), { recursive: true, verbatimSymlinks: true });
      else symlinkSync(join(whole, name), join(environments, name));
    }
    const [init = ''] = globSync(
      join(environments, 'pocketsphinx/lib/python3*/site-packages/pocketsphinx/__init__.py'),
    );
    // As many bytes as before: only the digest could tell.
    writeFileSync(init, 'import no_such_module\n'.padEnd(statSync(init).size, '#'));
  });

  test('is named with its log and the command that repairs it, and the run goes on when it is repaired', async () => {
    await fresh();
    const result = await start(broken).result;
    expect(result.code, result.stderr).toBe(7);
    expectMessage(result, 'ERR_WORKER_START', 7);
    expect(result.stderr).toContain('align/pocketsphinx');
    expect(result.stderr).toContain('no_such_module');
    expect(result.stderr).toContain(`rm -r ${join(environments, 'pocketsphinx')}\n`);
    const log = /log: (\S+)/.exec(result.stderr)?.[1] ?? '';
    expect(readFileSync(log, 'utf8')).toContain('no_such_module');
    await expectNobodyLeft();
    await expectGoesOn();
  });
});

describe('a run that cannot write', () => {
  test('says with figures that the disk is full, keeps what is finished, and goes on when there is room', async () => {
    await fresh();
    await using disk = await makeSmallDisk(join(workspace.dir, 'objects'), '2m');
    const result = await start({ before: disk.before }).result;
    expect(result.code, result.stderr).toBe(9);
    expectMessage(result, 'ERR_DISK_FULL', 9);
    expect(result.stderr).toMatch(/^ {2}(Needed [\d.,]+ MB in .*objects.*, )?[\d.,]+ MB free/m);
    expect(result.stderr).toContain(`Free space, then:  ./run-pipeline.sh -j ${job}\n`);
    await expectNobodyLeft();
    await disk.enlarge('300m');
    const again = await start({ before: disk.before }).result;
    expect(again.code, again.stderr).toBe(0);
    expect(deliverables(workspace, job)).toEqual(wanted);
    expect(startedAgain(events())).toEqual([]);
    expectNothingTwice();
  });

  test('into its output folder keeps all its work, and delivers when the folder can be written again', async () => {
    await fresh();
    const folder = join(workspace.dir, 'out', job);
    const running = start({ before: WITHOUT_OVERRIDE });
    await untilEvent(target(), 'task.start');
    chmodSync(folder, 0o555);
    const result = await running.result;
    expect(result.code, result.stderr).toBe(9);
    expectMessage(result, 'ERR_NOT_WRITABLE', 9);
    expect(result.stderr).toContain(folder);
    expect(Object.keys(deliverables(workspace, job))).toEqual([]);
    chmodSync(folder, 0o755);
    const starts = events().filter(({ type }) => type === 'worker.start').length;
    await expectGoesOn();
    expect(events().filter(({ type }) => type === 'worker.start')).toHaveLength(starts);
  });
});
