import { setTimeout as sleep } from 'node:timers/promises';
import { Failure } from '../contract/failure.ts';
import type { ChildGroup, Exit } from './child-group.ts';
import { spawnGroup } from './spawn-group.ts';

export interface RunOptions {
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** Written to stdin, which is then closed; without it stdin is empty. */
  readonly input?: string | Uint8Array;
  readonly signal?: AbortSignal;
  /** 60 s unless told. */
  readonly timeoutMs?: number;
  /** 16 MiB unless told. A program that prints more is killed. */
  readonly maxOutputBytes?: number;
  readonly denyNetwork?: boolean;
}

export interface RunResult extends Exit {
  /** UTF-8, cut at `maxOutputBytes`. */
  readonly stdout: string;
  readonly stderrTail: readonly string[];
  readonly timedOut: boolean;
  /** It printed more than `maxOutputBytes` and was killed for it. */
  readonly overflowed: boolean;
}

const GRACE_MS = 2_000;

/**
 * Runs a short command to its end and hands over what it printed; a non-zero exit is a result, not an error.
 * @throws Failure ERR_CANCELLED when `signal` aborts; what spawnGroup throws
 */
export async function runProcess(options: RunOptions): Promise<RunResult> {
  const { input, signal, timeoutMs = 60_000, maxOutputBytes = 16 * 1024 * 1024, ...rest } = options;
  if (signal?.aborted) throw cancelled(options.argv);
  await using group = spawnGroup({ ...rest, stdin: input === undefined ? 'ignore' : 'pipe', stdout: 'pipe' });
  const output = collect(group, maxOutputBytes);
  group.stdin?.end(input);

  using ended = disposableAbort();
  const timer = sleep(timeoutMs, 'timeout' as const, { signal: ended.signal }).catch(() => undefined);
  const abort = signal === undefined ? undefined : whenAborted(signal, ended.signal);
  const first = await Promise.race([group.drained, timer, output.full, ...(abort === undefined ? [] : [abort])]);
  if (typeof first === 'string') await group.stop({ graceMs: first === 'overflow' ? 0 : GRACE_MS });
  if (first === 'aborted') throw cancelled(options.argv);
  const exit = await group.drained;
  return {
    ...exit,
    stdout: output.text(),
    stderrTail: group.stderrTail(),
    timedOut: first === 'timeout',
    overflowed: first === 'overflow' || output.overflowed(),
  };
}

function collect(group: ChildGroup, limit: number) {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  const full = new Promise<'overflow'>((resolve) => {
    group.stdout?.on('data', (chunk: Uint8Array) => {
      if (bytes < limit) chunks.push(chunk.subarray(0, limit - bytes));
      bytes += chunk.length;
      if (bytes > limit) resolve('overflow');
    });
  });
  group.stdout?.on('error', () => {});
  return { full, text: () => Buffer.concat(chunks).toString('utf8'), overflowed: () => bytes > limit };
}

function disposableAbort() {
  const controller = new AbortController();
  return { signal: controller.signal, [Symbol.dispose]: () => controller.abort() };
}

const whenAborted = (signal: AbortSignal, ended: AbortSignal): Promise<'aborted'> =>
  new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve('aborted'), { once: true, signal: ended });
  });

const cancelled = (argv: readonly string[]): Failure =>
  new Failure('ERR_CANCELLED', `${argv[0]} was stopped.`, { safe: 'Finished stages are kept.' });
