import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ProveOptions, proofPath, proveOffline } from '../../scripts/prove-offline.ts';
import { runPrivately } from '../../scripts/run-privately.ts';
import type { NetworkControl, OfflineProof } from '../../shared/contract/offline-proof.ts';
import { ATTEMPTS_VARIABLE } from '../../shared/environment/variables.ts';
import { runNetworkControl } from '../../shared/process/network-control.ts';
import { resolveSettings } from '../../shared/util/settings.ts';
import { makeShortFilm } from '../fault/short-film.ts';
import { makeMedia } from '../helpers/media-files.ts';
import { makeWorkspace, PROJECT_DIR } from '../helpers/workspace.ts';

/** A short film that is transcribed, proved from outside by the command and from inside with a control that gets out. */
const workspace = makeWorkspace();
afterAll(() => rmSync(workspace.dir, { recursive: true, force: true }));
const config = JSON.parse(readFileSync(join(PROJECT_DIR, 'config/default.json'), 'utf8')) as Record<string, unknown>;
const settings = resolveSettings(config, workspace.env, PROJECT_DIR);
const proofOf = (job: string): OfflineProof => JSON.parse(readFileSync(proofPath(settings.roots.out, job), 'utf8'));
let job = '';

const controlOf = (denyNetwork: boolean): Promise<NetworkControl> =>
  runNetworkControl({
    denyNetwork,
    guardDir: join(PROJECT_DIR, 'shared/worker'),
    guardVariable: ATTEMPTS_VARIABLE,
  });

const prove = (id: string, change: Partial<ProveOptions>) =>
  proveOffline({
    id,
    invocation: { settings, projectDir: PROJECT_DIR },
    signal: new AbortController().signal,
    onEvent: () => {},
    ...change,
  });

beforeAll(async () => {
  const film = await makeShortFilm(workspace, 6);
  job = await workspace.prepare('--media', film, '--workflow', 'transcribe', '-s', 'en');
  const { code, stderr } = await workspace.run('run-pipeline', '-j', job);
  if (code !== 0) throw new Error(stderr);
});

test('a proof says what ran, by what it was cut off, and that it delivered the same bytes', async () => {
  const shared = ['objects', 'records', 'tasks'].map((name) => readdirSync(join(workspace.dir, name)));
  const { code, stdout, stderr } = await workspace.run('prove-offline', '-j', job);
  expect(code, stderr).toBe(0);
  expect(stdout).toMatch(/^✓ Job \S+ works without a network/);

  const proof = proofOf(job);
  expect(proof).toMatchObject({
    schema: 'offline-proof/1',
    jobId: job,
    kernelEnforced: true,
    offline_capable: true,
    no_downloads: true,
    inference_works: true,
    attempts: [],
    problems: [],
    control: { blocked: true, reachesWithoutDenial: true, guardSees: true },
  });
  expect(proof.control.tries.map(({ out }) => out)).toEqual(Array.from({ length: 10 }, () => false));
  expect(Object.keys(proof.calls).sort()).toEqual(['align/pocketsphinx', 'asr/moonshine', 'vad/silero']);
  expect(Math.min(...Object.values(proof.calls))).toBeGreaterThanOrEqual(1);
  expect(proof.toolCalls.ffmpeg).toBeGreaterThanOrEqual(1);
  for (const { digest } of proof.models) expect(digest).toMatch(/^sha256:/);
  for (const identity of Object.values(proof.environments)) expect(identity).toMatch(/^sha256:/);
  expect(proof.deliverables.map(({ to, sameAsOwnRun }) => [to, sameAsOwnRun])).toEqual([
    ['short.en.json', true],
    ['short.en.txt', true],
    ['short.en.srt', true],
  ]);
  // The store of the user was neither read for it nor written, and the private one is gone.
  expect(['objects', 'records', 'tasks'].map((name) => readdirSync(join(workspace.dir, name)))).toEqual(shared);
  expect(readdirSync(join(workspace.dir, 'scratch'))).toEqual([]);
});

test('a control that gets out makes it void, and the void one takes the place of the older', async () => {
  await expect(prove(job, { control: () => controlOf(false) })).rejects.toMatchObject({
    code: 'ERR_OFFLINE',
    exitCode: 5,
    details: { why: expect.stringMatching(/The control got out: tcp to a server of this machine/) },
  });
  expect(proofOf(job)).toMatchObject({
    kernelEnforced: false,
    offline_capable: false,
    no_downloads: false,
    calls: { 'asr/moonshine': 0 },
    deliverables: [],
  });
});

test('a control that could not have got out, or a guard that sleeps, proves nothing', async () => {
  const good = await controlOf(true);
  for (const part of [{ reachesWithoutDenial: false }, { guardSees: false }]) {
    await expect(prove(job, { control: async () => ({ ...good, ...part }) })).rejects.toMatchObject({
      code: 'ERR_OFFLINE',
    });
    expect(proofOf(job)).toMatchObject({ offline_capable: false, no_downloads: false, calls: { 'asr/moonshine': 0 } });
  }
});

test('an attempt to reach a network that was seen makes it void, although the run went well', async () => {
  const attempt = {
    engine: 'asr/moonshine',
    event: 'socket.connect',
    host: 'example.com',
    port: 443,
    stack: ['a.py:1 in f'],
  };
  const run: ProveOptions['run'] = async (options) => ({ ...(await runPrivately(options)), attempts: [attempt] });
  await expect(prove(job, { run })).rejects.toMatchObject({
    code: 'ERR_OFFLINE',
    details: { why: 'asr/moonshine wanted example.com:443: a.py:1 in f.' },
  });
  expect(proofOf(job)).toMatchObject({ offline_capable: false, no_downloads: false, inference_works: true });
});

test('an engine that was not asked is not proved', async () => {
  const film = join(workspace.dir, 'still.mp4');
  const codecs = ['-c:v', 'libx264', '-preset', 'ultrafast', '-c:a', 'aac', '-shortest'];
  const sources = ['-f', 'lavfi', '-i', 'testsrc2=size=64x64:rate=10:duration=1', '-f', 'lavfi', '-i', 'anullsrc'];
  await makeMedia(...sources, ...codecs, film);
  const silent = await workspace.prepare('--media', film, '--workflow', 'transcribe', '-s', 'en');
  const { code, stdout } = await workspace.run('prove-offline', '-j', silent, '--json');
  expect(code).toBe(5);
  expect(JSON.parse(stdout)).toMatchObject({
    code: 'ERR_OFFLINE',
    cause: expect.stringContaining('The engine asr/moonshine made no call'),
  });
  expect(proofOf(silent)).toMatchObject({ no_downloads: true, inference_works: false, offline_capable: false });
});

test('a run that cannot be done ends the proof with its own code', async () => {
  const film = join(workspace.dir, 'still.mp4');
  const gone = await workspace.prepare('--media', film, '--workflow', 'transcribe', '-s', 'en', '--name', 'gone');
  writeFileSync(film, 'another film');
  const { code, stdout } = await workspace.run('prove-offline', '-j', gone, '--json');
  expect(code).toBe(3);
  expect(JSON.parse(stdout)).toMatchObject({ code: 'ERR_MEDIA_CHANGED' });
  expect(existsSync(proofPath(settings.roots.out, gone))).toBe(true);
  const unknown = await workspace.run('prove-offline', '-j', 'no-such-job', '--json');
  expect(JSON.parse(unknown.stdout)).toMatchObject({ code: 'ERR_JOB_UNKNOWN' });
});
