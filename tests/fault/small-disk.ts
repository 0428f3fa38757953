import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';

/** A folder in which there is little room for those who are started with `before` in front. */
export interface SmallDisk extends AsyncDisposable {
  readonly before: readonly string[];
  /** Gives it more room; what lies in it stays. `size` as for tmpfs: `300m`. */
  enlarge(size: string): Promise<void>;
}

const isRoot = process.getuid?.() === 0;

/**
 * Mounts a small file system over `folder` in a mount namespace of its own, kept by a process that sleeps. Root needs no more for it; a
 * user needs a user namespace. Where the machine gives neither, a limit on the size of files stands in for it.
 */
export async function makeSmallDisk(folder: string, size: string): Promise<SmallDisk> {
  mkdirSync(folder, { recursive: true });
  const keeper = spawn('unshare', [isRoot ? '-m' : '-rm', '--', 'sh', '-c', 'echo ready; exec sleep 600'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const ready = await Promise.race([once(keeper.stdout, 'data'), once(keeper, 'exit').then(() => undefined)]);
  const enter = [
    'nsenter',
    '-t',
    String(keeper.pid),
    ...(isRoot ? ['-m'] : ['-U', '-m', '--preserve-credentials']),
    '--',
  ];
  const mount = (...args: readonly string[]): boolean =>
    spawnSync(enter[0] as string, [...enter.slice(1), 'mount', ...args]).status === 0;
  const end = async (): Promise<void> => {
    if (keeper.exitCode === null && keeper.signalCode === null && keeper.kill('SIGKILL')) await once(keeper, 'exit');
  };
  if (ready === undefined || !mount('-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', folder)) {
    await end();
    return limitFileSize();
  }
  return {
    before: enter,
    async enlarge(more) {
      if (!mount('-o', `remount,size=${more}`, folder)) throw new Error('the file system could not be enlarged');
    },
    [Symbol.asyncDispose]: end,
  };
}

function limitFileSize(): SmallDisk {
  const before = ['prlimit', '--fsize=800000'];
  return {
    before,
    async enlarge() {
      before.length = 0;
    },
    async [Symbol.asyncDispose]() {},
  };
}
