import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { JobManifest } from '../../shared/contract/job.ts';
import type { OfflinePolicy } from '../../shared/contract/offline.ts';
import type { FailureJson, ReportData } from '../../shared/contract/report.ts';
import { loadProfiles } from '../../shared/job/choose-profile.ts';
import { type JobWorld, prepareJob } from '../../shared/job/prepare-job.ts';
import { digestOf } from '../../shared/util/digest.ts';
import { FAKE_STAGES, fakeEngine } from '../helpers/fake-job.ts';
import { harshKernel } from '../helpers/harsh-kernel.ts';
import { makeMedia } from '../helpers/media-files.ts';
import { makeWorkspace, PROJECT_DIR } from '../helpers/workspace.ts';

/** The policies by whole commands, on a film of a second in which nobody speaks. */
const workspace = makeWorkspace();
afterAll(() => rmSync(workspace.dir, { recursive: true, force: true }));
const film = join(workspace.dir, 'noise.mp4');
const harsh = harshKernel('namespaces', 'landlock', 'seccomp');
const jobs = {} as Record<OfflinePolicy, string>;

const prepareArgs = (...more: readonly string[]): readonly string[] => [
  'prepare-job',
  ...['--media', film, '--workflow', 'transcribe', '-s', 'en', ...more],
];

beforeAll(async () => {
  const codecs = ['-c:v', 'libx264', '-preset', 'ultrafast', '-c:a', 'aac'];
  await makeMedia(
    ...['-f', 'lavfi', '-i', 'testsrc2=size=64x64:rate=10:duration=1'],
    ...['-f', 'lavfi', '-i', 'anoisesrc=amplitude=0.01:duration=1', ...codecs, film],
  );
  const prepare = (...more: readonly string[]) => workspace.prepare(...prepareArgs(...more).slice(1));
  [jobs.guard, jobs.enforce, jobs.off] = await Promise.all([
    prepare(),
    prepare('--offline'),
    prepare('--offline', 'off'),
  ]);
});

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const runProgram = (
  [program = '', ...args]: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<Ended> =>
  new Promise((resolve) => {
    const child = execFile(program, args, { env, cwd: workspace.dir }, (_, stdout, stderr) =>
      resolve({ code: child.exitCode ?? -1, stdout, stderr }),
    );
  });

/** Runs a command of ours behind a prefix, with further variables. */
const behind = (
  prefix: readonly string[],
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Ended> =>
  runProgram([...prefix, process.execPath, join(PROJECT_DIR, 'scripts/start.mjs'), ...args], {
    ...workspace.env,
    ...env,
  });

const readJson = (job: string, name: string): unknown => JSON.parse(readFileSync(workspace.out(job, name), 'utf8'));
const reportOf = (job: string): ReportData => readJson(job, 'report.json') as ReportData;

/** Runs a job and gives what its report says about the network. */
async function said(prefix: readonly string[], job: string, ...more: readonly string[]): Promise<string> {
  // The short way of a finished job writes no report.
  const { code, stderr } = await behind(prefix, ['run-pipeline', '-j', job, '--force', 'vad', ...more]);
  expect(code, stderr).toBe(0);
  return reportOf(job).offline ?? '';
}

describe('the policy of a job', () => {
  test('is guard unless prepare-job is told, and enforce when the flag stands alone', async () => {
    for (const [policy, job] of Object.entries(jobs))
      expect((readJson(job, 'job.json') as JobManifest).policy.offline).toBe(policy);
    const wrong = await behind([], prepareArgs('--offline', 'enforced', '--json'));
    expect(wrong.code).toBe(2);
    expect(JSON.parse(wrong.stdout)).toMatchObject({ code: 'ERR_USAGE', message: expect.stringContaining('enforce') });
  });

  test('is said in the report for what it was', async () => {
    expect(await said([], jobs.enforce)).toMatch(/^enforced: The kernel cut engines and ffmpeg off/);
    expect(await said([], jobs.guard)).toMatch(/^guarded: The kernel cut engines and ffmpeg off/);
    expect(await said([], jobs.off)).toMatch(/^off: nothing was denied/);
    expect(readFileSync(workspace.out(jobs.off, 'report.md'), 'utf8')).toContain('- Network: off: nothing was denied');
  });

  test('is the stricter of the two that manifest and command line name', async () => {
    expect(await said([], jobs.off, '--offline', 'enforce')).toMatch(/^enforced/);
    expect(await said([], jobs.enforce, '--offline', 'off')).toMatch(/^enforced/);
  });
});

describe('where the kernel can deny nothing', () => {
  test('enforce refuses before anything starts, at preparing and at running', async () => {
    const listing = () => readdirSync(join(workspace.dir, 'out'), { recursive: true, encoding: 'utf8' }).sort();
    const before = [listing(), readFileSync(workspace.out(jobs.guard, 'events.jsonl'), 'utf8')];
    const args = ['run-pipeline', '-j', jobs.guard, '--force', '--offline', '--json'];
    const [prepared, asked, own] = await Promise.all([
      behind(harsh, prepareArgs('--offline')),
      behind(harsh, args),
      behind(harsh, ['run-pipeline', '-j', jobs.enforce, '--force']),
    ]);
    expect([prepared?.code, asked?.code, own?.code]).toEqual([5, 5, 5]);
    expect(JSON.parse(asked?.stdout ?? '')).toMatchObject({
      code: 'ERR_OFFLINE',
      cause: expect.stringContaining('Landlock'),
    });
    expect([listing(), readFileSync(workspace.out(jobs.guard, 'events.jsonl'), 'utf8')]).toEqual(before);
  });

  test('a plan is still shown, and nothing is proved', async () => {
    const [plan, proof] = await Promise.all([
      behind(harsh, ['run-pipeline', '-j', jobs.enforce, '--plan']),
      behind(harsh, ['prove-offline', '-j', jobs.guard, '--json']),
    ]);
    expect(plan?.code).toBe(0);
    expect(proof?.code).toBe(5);
    expect(JSON.parse(proof?.stdout ?? '')).toMatchObject({ code: 'ERR_OFFLINE' });
  });

  test('guard goes on and the report says what was not done', async () => {
    expect(await said(harsh, jobs.guard)).toMatch(/^guarded: This machine gives the kernel no way/);
  });
});

test('without namespaces a job runs enforced by Landlock or seccomp', async () => {
  expect(await said(harshKernel('namespaces'), jobs.enforce)).toMatch(/^enforced: .*seccomp filter/);
});

test('enforce installs nothing: an environment that is missing is exit 7 with the command', async () => {
  const environments = join(workspace.dir, 'no-environments');
  mkdirSync(environments);
  const args = ['run-pipeline', '-j', jobs.enforce, '--force', '--json'];
  const { code, stdout } = await behind([], args, { BABELREEL_ROOTS_ENVIRONMENTS: environments });
  expect(code, stdout).toBe(7);
  const failure = JSON.parse(stdout) as FailureJson;
  expect(failure).toMatchObject({ code: 'ERR_ENVIRONMENT', message: expect.stringContaining('installs nothing') });
  expect(failure.fix[0]).toBe('./run-pipeline.sh --demo');
  expect(readdirSync(environments)).toEqual([]);
});

describe('an engine that works by asking a host', () => {
  const asks = fakeEngine('asks', { network: 'declared-hosts' });
  const world: JobWorld = {
    app: '0',
    outDir: join(workspace.dir, 'declared'),
    workflow: {
      schema: 'workflow/1',
      id: 'shouting',
      purpose: 'test',
      targets: 'required',
      stages: [
        { stage: 'source', inputs: { media: 'media.file' } },
        { stage: 'shout', each: 'target', inputs: { lines: 'source.lines' } },
      ],
      deliverables: [],
    },
    stages: FAKE_STAGES,
    candidates: [{ id: asks.id, definition: asks.definition, state: 'ready' }],
    profiles: loadProfiles(join(PROJECT_DIR, 'config')),
    cpus: 1,
    environmentIdentity: () => null,
    modelIdentity: () => ({ revision: null, digest: null }),
    tools: {},
    inspect: async () => ({ container: 'text', durationMs: 1000, startTimeMs: 0, streams: [] }),
    chooseAudioStream: () => 0,
    digestOf: async () => digestOf('film'),
  };
  const request = (offline?: OfflinePolicy) => ({
    ...{ media: film, source: 'en', targets: ['es'], engines: [], settings: [], voices: [] },
    ...{ commercial: false, acceptDamaged: false, offline },
  });

  test('is refused by enforce when the job is prepared, and by nothing else', async () => {
    await expect(prepareJob(request('enforce'), world)).rejects.toMatchObject({
      code: 'ERR_OFFLINE',
      message: expect.stringContaining('translate/asks'),
    });
    expect(existsSync(world.outDir)).toBe(false);
    for (const policy of [undefined, 'guard', 'off'] as const)
      expect((await prepareJob(request(policy), world)).manifest.policy.offline).toBe(policy ?? 'guard');
  });
});

describe('with the network cut', () => {
  const cut = ['unshare', '-rn', '--'];

  test('everything that only looks works, and a job is prepared', async () => {
    const commands = [
      ['--version'],
      ['--help'],
      ['jobs'],
      ['status'],
      ['status', jobs.guard],
      ['explain', jobs.guard],
      ['logs', jobs.guard],
      ['engines', '--role', 'asr'],
      ['prove-offline', '--help'],
      ['run-pipeline', '--help'],
      prepareArgs('--offline'),
    ];
    const ended = await Promise.all(commands.map((args) => behind(cut, args)));
    for (const [index, { code, stdout, stderr }] of ended.entries()) {
      expect(code, `${commands[index]?.join(' ')}: ${stderr}`).toBe(0);
      expect(stdout).not.toBe('');
    }
  });

  test('a job is run', async () => {
    expect(await said(cut, jobs.guard, '--offline')).toMatch(/^enforced/);
    expect(existsSync(workspace.out(jobs.guard, 'noise.en.srt'))).toBe(true);
  });

  test('every launcher starts', async () => {
    const launchers = readdirSync(PROJECT_DIR).filter((name) => name.endsWith('.sh'));
    expect(launchers.length).toBeGreaterThanOrEqual(4);
    const ended = await Promise.all(
      launchers.map((name) => runProgram([...cut, join(PROJECT_DIR, name), '--help'], workspace.env)),
    );
    for (const [index, { code, stdout, stderr }] of ended.entries()) {
      expect(code, `${launchers[index]}: ${stderr}`).toBe(0);
      expect(stdout).not.toBe('');
    }
  });
});
