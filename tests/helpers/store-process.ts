import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';

const SCRIPT = resolve(import.meta.dirname, '../integration/store-worker.ts');

export interface StoreProcess {
  readonly child: ChildProcess;
  /** The next line it prints; fails when it ends without one. */
  line(): Promise<string>;
  /** Its exit code, null when it was killed. */
  ended(): Promise<number | null>;
  kill(): Promise<void>;
}

/** Starts `store-worker.ts`; `before` is put in front of node, for `unshare` and `prlimit`. */
export function startStoreProcess(args: readonly string[], before: readonly string[] = []): StoreProcess {
  const [program, ...rest] = [...before, process.execPath, SCRIPT, ...args] as [string, ...string[]];
  const child = spawn(program, rest, { stdio: ['ignore', 'pipe', 'pipe'] });
  let errors = '';
  child.stderr?.on('data', (data: Buffer) => (errors += data.toString()));
  const exit = once(child, 'exit') as Promise<[number | null]>;
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ended = async (): Promise<number | null> => (await exit)[0];
  return {
    child,
    ended,
    async line() {
      const { value, done } = await lines.next();
      if (done === true) throw new Error(`it ended without a line: ${errors}`);
      return value as string;
    },
    async kill() {
      child.kill('SIGKILL');
      await exit;
    },
  };
}
