import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { isFailure } from '../../shared/contract/failure.ts';
import type { NetworkAttempt } from '../../shared/contract/offline.ts';
import { openAttempts } from '../../shared/engines/network-attempts.ts';
import { interpreterOf } from '../../shared/environment/places.ts';
import { loadEnvironmentSpecs } from '../../shared/environment/specs.ts';
import { ATTEMPTS_VARIABLE, workerVariables } from '../../shared/environment/variables.ts';
import type { RunOptions } from '../../shared/runner/run-job.ts';
import { fakeMachine, makeFakeJob } from '../helpers/fake-job.ts';
import { PROJECT_DIR, roots } from '../helpers/real-worker.ts';

const dir = mkdtempSync(join(tmpdir(), 'babelreel-guard-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
const SYSTEM_PYTHON = '/usr/bin/python3';
let runs = 0;

/** Runs Python as a worker is started. */
function python(
  script: string,
  interpreter = SYSTEM_PYTHON,
): { stdout: string; stderr: string; seen: readonly NetworkAttempt[] } {
  const log = join(dir, `attempts-${++runs}.jsonl`);
  const env = { PATH: '/usr/bin:/bin', PYTHONPATH: join(PROJECT_DIR, 'shared/worker'), [ATTEMPTS_VARIABLE]: log };
  const { stdout, stderr } = spawnSync(interpreter, ['-s', '-B', '-c', script], { env, encoding: 'utf8', cwd: dir });
  return { stdout, stderr, seen: openAttempts('asr/one', log).take() };
}

describe('the guard', () => {
  test.each([
    ['socket.create_connection(("example.com", 443))', 'socket.getaddrinfo', 'example.com', 443],
    ['socket.socket().connect(("198.51.100.7", 80))', 'socket.connect', '198.51.100.7', 80],
    ['socket.socket().connect_ex(("198.51.100.7", 80))', 'socket.connect', '198.51.100.7', 80],
    ['socket.socket(socket.AF_INET6).connect(("2001:db8::1", 80))', 'socket.connect', '2001:db8::1', 80],
    ['socket.gethostbyname("example.com")', 'socket.gethostbyname', 'example.com', null],
    [
      'socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("198.51.100.7", 53))',
      'socket.sendto',
      '198.51.100.7',
      53,
    ],
    [
      'socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendmsg([b"x"], [], 0, ("198.51.100.7", 53))',
      'socket.sendmsg',
      '198.51.100.7',
      53,
    ],
    ['socket.socket().bind(("0.0.0.0", 0))', 'socket.bind', '0.0.0.0', 0],
    ['urllib.request.urlopen("http://example.com/x")', 'socket.getaddrinfo', 'example.com', 80],
  ])('refuses %s and names host and culprit', (call, event, host, port) => {
    const { stdout, stderr, seen } = python(
      `import socket, urllib.request\nexec(compile("def send_home():\\n  ${call.replaceAll('"', "'")}", "/lib/telemetry.py", "exec"))\ntry: send_home()\nexcept OSError as error: print(error)`,
    );
    expect(seen).toEqual([
      { engine: 'asr/one', event, host, port, stack: [expect.stringContaining('/lib/telemetry.py:2 in send_home')] },
    ]);
    const where = port === null ? host : `${host}:${port}`;
    expect(stderr).toContain(`${event} to ${where} was refused; wanted by /lib/telemetry.py:2 in send_home`);
    expect(stdout).toContain('offline:');
  });

  test('lets programs on this machine talk by unix sockets, and find out whether IPv6 is there', () => {
    const { stdout, seen } = python(`
import socket
server = socket.socket(socket.AF_UNIX); server.bind("${dir}/s${runs}"); server.listen()
client = socket.socket(socket.AF_UNIX); client.connect("${dir}/s${runs}"); client.sendall(b"x")
print(server.accept()[0].recv(1), socket.socketpair() is not None, socket.gethostbyname(socket.gethostname()) is not None)
try: socket.socket(socket.AF_INET6).bind(("::1", 0))
except OSError: print("no server")`);
    expect(stdout).toBe("b'x' True True\nno server\n");
    expect(seen).toEqual([]);
  });

  test('is there in child interpreters, forked or started', () => {
    const { seen } = python(`
import subprocess, sys, multiprocessing, socket
def dial(host):
    try: socket.gethostbyname(host)
    except OSError: pass
child = multiprocessing.get_context("fork").Process(target=dial, args=("forked.example",)); child.start(); child.join()
subprocess.run([sys.executable, "-c", "import socket; socket.gethostbyname('started.example')"])`);
    expect(seen.map(({ host }) => host)).toEqual(['forked.example', 'started.example']);
  });

  test('is there in the Python of every environment, and no environment has a module of that name itself', () => {
    const table = loadEnvironmentSpecs(join(PROJECT_DIR, 'config'));
    const uv = [...table.values()].filter(({ spec }) => spec.kind === 'uv').map(({ spec }) => spec.id);
    expect(uv.length).toBeGreaterThanOrEqual(4);
    const ASK =
      'import sitecustomize, socket\ntry: socket.gethostbyname("x.example")\nexcept OSError: print(sitecustomize.__file__)';
    const FIND = 'import importlib.util as i; s = i.find_spec("sitecustomize"); print("found", s and s.origin)';
    for (const interpreter of [SYSTEM_PYTHON, ...uv.map((id) => interpreterOf(roots.environments, id))]) {
      const { stdout, seen } = python(ASK, interpreter);
      expect(stdout.trim()).toBe(join(PROJECT_DIR, 'shared/worker/sitecustomize.py'));
      expect(seen).toHaveLength(1);
    }
    // Without ours the one of the system is found, if there is one; none lies in an environment, where ours would hide it.
    for (const id of uv) {
      const { stdout } = spawnSync(interpreterOf(roots.environments, id), ['-s', '-c', FIND], {
        env: {},
        encoding: 'utf8',
      });
      expect(stdout).toMatch(/^found /);
      expect(stdout).not.toContain(roots.environments);
    }
  });

  test('does nothing without its file', () => {
    const env = { PATH: '/usr/bin:/bin', PYTHONPATH: join(PROJECT_DIR, 'shared/worker') };
    const script = 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print("bound")';
    expect(spawnSync(SYSTEM_PYTHON, ['-s', '-c', script], { env, encoding: 'utf8' }).stdout).toBe('bound\n');
  });
});

describe('a run', () => {
  const machine: RunOptions['machine'] = {
    ...fakeMachine(),
    launch: ({ entry }, scratch) => ({
      argv: [SYSTEM_PYTHON, '-s', '-B', join(PROJECT_DIR, 'tests/fixtures/workers/dials-out.py')],
      env: {
        ...workerVariables({
          spec: {
            schema: 'environment/1',
            id: 'fake',
            kind: 'system',
            purpose: 'test',
            packages: [],
            programs: [],
            files: [],
          },
          roots,
          scratch,
          threads: 1,
          projectDir: PROJECT_DIR,
        }),
        FAKE_ENGINE: entry.id,
      },
      cwd: scratch,
      models: [],
    }),
  };
  const runWith = async (...lines: readonly string[]) => {
    const job = makeFakeJob({ lines });
    try {
      return { job, result: await job.run({ machine }), failure: undefined };
    } catch (error) {
      if (!isFailure(error)) throw error;
      return { job, result: undefined, failure: error };
    } finally {
      rmSync(job.dir, { recursive: true, force: true });
    }
  };

  test.each(['dial', 'wrap'])(
    'whose engine dials out ends with host and culprit, however the engine puts it (%s)',
    async (word) => {
      const { job, failure } = await runWith('good', `${word} example.com 443`);
      expect(failure).toMatchObject({ code: 'ERR_OFFLINE', exitCode: 5 });
      expect(failure?.details.why).toMatch(
        /^It asked for example\.com:443 .*dials-out\.py:\d+ in send_home, from .* in run/,
      );
      expect(job.events.filter(({ type }) => type === 'network.attempt')).toHaveLength(1);
      expect(job.events.filter(({ type }) => type === 'task.retry')).toEqual([]);
    },
  );

  test('whose engine hides a refused attempt goes on, and says so', async () => {
    const { job, result } = await runWith('swallow example.com 443', 'good');
    expect(result?.attempts).toMatchObject([{ engine: 'translate/fake', host: 'example.com', port: 443 }]);
    expect(job.events.filter(({ type }) => type === 'network.attempt')).toHaveLength(1);
  });

  test('that behaves has nothing to say about it', async () => {
    const { job, result } = await runWith('good', 'better');
    expect(result?.attempts).toEqual([]);
    expect(job.events.map(({ type }) => type)).not.toContain('network.attempt');
  });
});

test('what a worker writes into its file is not believed to have a shape', () => {
  const { seen } = python(`
import os
with open(os.environ["${ATTEMPTS_VARIABLE}"], "w") as file: file.write('nonsense\\n{"host": 7, "stack": "x"}\\n{"half')`);
  expect(seen).toEqual([
    { engine: 'asr/one', event: 'unreadable', host: '', port: null, stack: ['nonsense'] },
    { engine: 'asr/one', event: 'undefined', host: '7', port: null, stack: [] },
  ]);
  expect(readFileSync(join(dir, `attempts-${runs}.jsonl`), 'utf8')).toContain('half');
});
