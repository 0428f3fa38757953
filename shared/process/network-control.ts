import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ControlTry, NetworkControl } from '../contract/offline-proof.ts';
import { findProgram } from './find-program.ts';
import { runProcess } from './run-process.ts';

export interface ControlOptions {
  /** Start the probes cut off, as the run will be; a control that is not is void, which only a test wants. */
  readonly denyNetwork: boolean;
  /** Folder of the guard, for PYTHONPATH. */
  readonly guardDir: string;
  /** Variable that switches the guard on and names its file. */
  readonly guardVariable: string;
  readonly signal?: AbortSignal;
}

const BASE_ENV = { PATH: '/usr/bin:/bin', LC_ALL: 'C.UTF-8' } as const;

/**
 * Tries in Python and in Node to reach a server of this machine, another machine and a name server: once only the first and without denial,
 * so that it is known that the probes can, then everything as the run will be started.
 * @throws Failure what runProcess throws
 */
export async function runNetworkControl(options: ControlOptions): Promise<NetworkControl> {
  await using server = await openServer();
  const dir = mkdtempSync(join(tmpdir(), 'babelreel-control-'));
  try {
    const probe = (denyNetwork: boolean, ...more: readonly string[]) =>
      Promise.all(
        probes().map(({ program, by }) =>
          tryAll([...program, '127.0.0.1', ...server.ports, ...more], by, {
            ...options,
            denyNetwork,
            dir,
          }),
        ),
      ).then((tries) => tries.flat());
    await probe(false, 'local');
    const reachesWithoutDenial = (await server.heard()).size === 2 * probes().length;
    const guardSees = await guardIsAwake(server.ports, options, dir);
    server.forget();
    const said = await probe(options.denyNetwork);
    const heard = await server.heard();
    // In a namespace with a loopback of its own a packet to loopback is sent and reaches nobody: the server knows.
    const tries = said.map((one) =>
      one.what in LOCAL ? { ...one, out: heard.has(`${LOCAL[one.what]} ${one.by}`) } : one,
    );
    return {
      reachesWithoutDenial,
      tries,
      blocked: heard.size === 0 && tries.length === 5 * probes().length && tries.every(({ out }) => !out),
      guardSees,
    };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** Tries of which the server of this machine knows. */
const LOCAL: Readonly<Record<string, string>> = {
  'tcp to a server of this machine': 'tcp',
  'udp to a server of this machine': 'udp',
};

/** A Python of the system, as deny-network.py has it. */
const python = (): string => findProgram('python3', '/usr/bin:/bin') ?? findProgram('python3') ?? 'python3';
const script = (name: string): string => join(import.meta.dirname, name);

const probes = (): readonly { readonly by: ControlTry['by']; readonly program: readonly string[] }[] => [
  { by: 'python', program: [python(), '-I', '-S', '-B', script('probe-network.py')] },
  { by: 'node', program: [process.execPath, script('probe-network.mjs')] },
];

async function tryAll(
  argv: readonly string[],
  by: ControlTry['by'],
  options: ControlOptions & { readonly dir: string },
): Promise<readonly ControlTry[]> {
  const { denyNetwork, dir, signal } = options;
  const { stdout, stderrTail } = await runProcess({
    argv,
    cwd: dir,
    env: BASE_ENV,
    denyNetwork,
    timeoutMs: 30_000,
    ...(signal !== undefined && { signal }),
  });
  const lines = stdout.split('\n').filter((line) => line !== '');
  if (lines.length === 0)
    return [{ by, what: 'the probe itself', out: false, said: stderrTail.join(' ').slice(0, 300) }];
  return lines.map((line) => JSON.parse(line) as ControlTry);
}

/** The guard alone, without the kernel, stops the Python probe and writes it down. */
async function guardIsAwake(ports: readonly string[], options: ControlOptions, dir: string): Promise<boolean> {
  const log = join(dir, 'attempts.jsonl');
  const { stdout } = await runProcess({
    argv: [python(), '-s', '-B', script('probe-network.py'), '127.0.0.1', ...ports, 'local'],
    cwd: dir,
    env: { ...BASE_ENV, PYTHONPATH: options.guardDir, [options.guardVariable]: log },
    ...(options.signal !== undefined && { signal: options.signal }),
  });
  try {
    const seen = readFileSync(log, 'utf8')
      .split('\n')
      .filter((line) => line !== '').length;
    return seen === 2 && !stdout.includes('"out": true');
  } catch {
    return false;
  }
}

/** Listens to TCP and UDP on loopback and remembers who came: `tcp python`. */
async function openServer() {
  const came = new Set<string>();
  const tcp = createServer((socket) => {
    socket.on('error', () => {});
    socket.on('data', (data) => came.add(`tcp ${data}`));
  });
  const udp = createSocket('udp4', (data) => came.add(`udp ${data}`));
  tcp.listen(0, '127.0.0.1');
  udp.bind(0, '127.0.0.1');
  await Promise.all([once(tcp, 'listening'), once(udp, 'listening')]);
  return {
    ports: [String((tcp.address() as AddressInfo).port), String(udp.address().port)],
    /** What is on its way arrives first. */
    async heard() {
      await new Promise((resolve) => setTimeout(resolve, 50));
      return new Set(came);
    },
    forget() {
      came.clear();
    },
    async [Symbol.asyncDispose]() {
      udp.close();
      tcp.close();
      await once(tcp, 'close');
    },
  };
}
