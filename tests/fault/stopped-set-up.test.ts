import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type CommandResult, makeWorkspace, PROJECT_DIR } from '../helpers/workspace.ts';
import { type Running, startRun, until } from './job-watch.ts';
import { leftovers } from './leftovers.ts';
import { untilGone } from './living-processes.ts';
import { makeShortFilm } from './short-film.ts';

/** One environment is missing, and the installer that should make it never ends: what happens to a set-up that is stopped. */
const workspace = makeWorkspace();
const environments = join(workspace.dir, 'environments');
const installing = join(workspace.dir, 'installing');
const uv = join(workspace.dir, 'uv');
const env = { BABELREEL_ROOTS_ENVIRONMENTS: environments, BABELREEL_UV: uv };
const jobs: string[] = [];

beforeAll(async () => {
  const film = await makeShortFilm(workspace, 3);
  for (const name of ['one', 'two'])
    jobs.push(await workspace.prepare('--media', film, '--workflow', 'transcribe', '-s', 'en', '--name', name));
  const whole = join(PROJECT_DIR, '.cache/environments');
  mkdirSync(environments);
  for (const name of readdirSync(whole).filter((entry) => entry !== 'moonshine'))
    symlinkSync(join(whole, name), join(environments, name));
  writeFileSync(uv, `#!/bin/sh\n[ "$1" = --version ] && exit\ntouch ${installing}\nsleep 300 & wait\n`);
  chmodSync(uv, 0o755);
});

afterAll(() => rmSync(workspace.dir, { recursive: true, force: true }));

async function untilInstalling(...args: readonly string[]): Promise<Running> {
  rmSync(installing, { force: true });
  const running = startRun(workspace, ['run-pipeline', ...args], { env });
  await until(() => existsSync(installing) || undefined, `the installer of ${args.join(' ')}`);
  return running;
}

async function expectStopped(running: Running, next: string): Promise<void> {
  const at = performance.now();
  running.signal('SIGINT');
  const result: CommandResult = await running.result;
  expect(performance.now() - at).toBeLessThanOrEqual(5_000);
  expect(result.code, result.stderr).toBe(130);
  expect(result.stderr.match(/^✗ /gm)).toHaveLength(1);
  expect(result.stderr).toContain(`Go on with:  ${next}\n  ERR_CANCELLED (exit 130)`);
  expect(result.stderr).not.toMatch(/^\s+at .*:\d+|node:internal|crash\.log/m);
}

test.each([
  ['a job', () => ['-j', jobs[0] as string]],
  ['the demo', () => ['--demo']],
] as const)('Ctrl-C while an environment for %s is made ends the set-up and leaves nobody behind', async (_, args) => {
  const running = await untilInstalling(...args());
  await expectStopped(running, `./run-pipeline.sh ${args().join(' ')}`);
  expect((await untilGone(workspace.dir, 2_000)).left).toEqual([]);
  expect(leftovers(workspace)).toEqual([]);
  expect(readdirSync(environments).filter((name) => /incoming|outgoing|lock/.test(name))).toEqual([]);
});

test('Ctrl-C while waiting for the set-up of another run ends the one that waits and not the other', async () => {
  const first = await untilInstalling('-j', jobs[0] as string);
  const second = startRun(workspace, ['run-pipeline', '-j', jobs[1] as string], { env });
  await until(
    () => second.stderr().includes(`waiting for process ${first.pid}`) || undefined,
    'the word that it waits',
  );
  await expectStopped(second, `./run-pipeline.sh -j ${jobs[1]}`);
  expect((await untilGone(`.lock-moonshine`, 0)).left).toEqual([]);
  await expectStopped(first, `./run-pipeline.sh -j ${jobs[0]}`);
  expect((await untilGone(workspace.dir, 2_000)).left).toEqual([]);
});

test('a set-up that was killed leaves nobody behind, and its lock does not hold the next one up', async () => {
  const first = await untilInstalling('-j', jobs[0] as string);
  first.signal('SIGKILL');
  await first.result;
  expect((await untilGone(workspace.dir, 2_000)).left).toEqual([]);
  const second = await untilInstalling('-j', jobs[0] as string);
  expect(second.stderr()).not.toContain('waiting for process');
  await expectStopped(second, `./run-pipeline.sh -j ${jobs[0]}`);
  expect(readdirSync(environments).filter((name) => /incoming|outgoing|lock/.test(name))).toEqual([]);
});
