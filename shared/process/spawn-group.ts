import { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import type { ChildGroup, Exit } from './child-group.ts';
import { launchPrefix } from './launch-prefix.ts';
import { forgetGroup, registerGroup } from './live-groups.ts';
import { resolveArgv, startFailure } from './resolve-argv.ts';
import { watchStderr } from './watch-stderr.ts';

export interface SpawnOptions {
  /** Program and arguments; the program is a bare name found by `env.PATH`, or an absolute path. Never a shell line. */
  readonly argv: readonly string[];
  readonly cwd: string;
  /** The whole environment of the child; nothing is inherited. */
  readonly env: Readonly<Record<string, string>>;
  readonly stdin?: 'pipe' | 'ignore';
  readonly stdout?: 'pipe' | 'ignore';
  /** 3: the child may write to file descriptor 3, read here as `extra`. */
  readonly extraFd?: 3;
  /** File that gets the lines of stderr, up to 64 MiB. */
  readonly stderrLog?: string;
  /** Lines of stderr kept in memory; 200 unless told. */
  readonly tailLines?: number;
  /** Cut the child from every network, loopback included; refused with ERR_OFFLINE where the machine cannot. */
  readonly denyNetwork?: boolean;
  /** Each line of stderr as it came, uncleaned. */
  readonly onStderrLine?: (line: string) => void;
}

const SIGNALS = { term: 'SIGTERM', kill: 'SIGKILL' } as const;
const DISPOSE_GRACE_MS = 2_000;
/** After the leader's exit its pipes get this long to run empty. */
const DRAIN_MS = 500;

/**
 * Starts a program as the leader of its own process group. On Linux it dies with the thread that called this, whatever ends it.
 * When the leader ends, the rest of its group is killed: nothing it started outlives it.
 * @throws Failure ERR_SYSTEM_PACKAGE (no such program), ERR_OFFLINE, ERR_MEMORY (the machine cannot start another process)
 */
export function spawnGroup(options: SpawnOptions): ChildGroup {
  const [file, ...rest] = [...launchPrefix(options.denyNetwork ?? false), ...resolveArgv(options)] as [
    string,
    ...string[],
  ];
  const child = execa(file, rest, {
    cwd: options.cwd,
    env: { ...options.env },
    extendEnv: false,
    detached: true,
    cleanup: false,
    buffer: false,
    reject: false,
    stdio: [
      options.stdin ?? 'ignore',
      options.stdout ?? 'ignore',
      'pipe',
      ...(options.extraFd === undefined ? [] : (['pipe'] as const)),
    ],
  });
  const { pid } = child;
  if (pid === undefined) throw startFailure(options);

  const stderr = watchStderr(child.stderr, options);
  // A write to a program that has ended is seen by its exit; without a listener it would end the runner.
  child.stdin?.on('error', () => {});
  const outputs = [child.stdout, child.stderr, child.stdio[3]].filter((stream) => stream instanceof Readable);

  // Once the leader is reaped its pid may belong to somebody else.
  let alive = true;
  const signalGroup = (signal: NodeJS.Signals): void => {
    if (alive) sendToGroup(pid, signal);
  };
  const exited = new Promise<Exit>((resolve) => {
    child.nodeChildProcess.once('exit', (code, signal) => {
      signalGroup('SIGKILL');
      forgetGroup(group);
      alive = false;
      resolve({ code, signal });
    });
  });
  const drained = exited.then(async (exit) => {
    const late = AbortSignal.timeout(DRAIN_MS);
    await Promise.all(outputs.map((stream) => finished(stream, { signal: late }).catch(() => {})));
    for (const stream of outputs) stream.destroy();
    stderr.close();
    return exit;
  });
  const group: ChildGroup = {
    pid,
    stdin: child.stdin,
    stdout: child.stdout,
    extra: child.stdio[3] instanceof Readable ? child.stdio[3] : null,
    exited,
    drained,
    stderrTail: stderr.tail,
    kill: (signal) => signalGroup(SIGNALS[signal]),
    async stop({ graceMs }) {
      signalGroup('SIGTERM');
      const late = new AbortController();
      const escalation = sleep(graceMs, undefined, { signal: late.signal }).then(
        () => signalGroup('SIGKILL'),
        () => {},
      );
      const exit = await exited;
      late.abort();
      await escalation;
      return exit;
    },
    async [Symbol.asyncDispose]() {
      await group.stop({ graceMs: DISPOSE_GRACE_MS });
    },
  };
  registerGroup(group);
  return group;
}

function sendToGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch (error) {
    // ESRCH: everybody is gone. EPERM: on macOS, only zombies are left.
    if (!['ESRCH', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
}
