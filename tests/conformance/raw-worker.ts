import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FromWorker, ToWorker } from '../../shared/contract/protocol.ts';
import { spawnGroup } from '../../shared/process/spawn-group.ts';

export interface WorkerCommand {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

type MessageOf<T extends FromWorker['type']> = FromWorker & { readonly type: T };

/** The protocol by hand, without the pool: what a worker really writes, line by line. */
export interface RawWorker extends AsyncDisposable {
  readonly pid: number;
  readonly dir: string;
  /** Every line it wrote, beats included. */
  readonly lines: readonly string[];
  send(message: ToWorker): void;
  sendText(text: string): void;
  closeInput(): void;
  /** The next message that is not a beat or progress. Rejects when it is not of this type, when it is late, or when the worker ends. */
  next<T extends FromWorker['type']>(type: T, timeoutMs?: number): Promise<MessageOf<T>>;
  /** The next message of any type, beats included. */
  nextAny(timeoutMs: number): Promise<FromWorker>;
  readonly exited: Promise<{ readonly code: number | null; readonly signal: string | null }>;
}

export function startRawWorker({ argv, env }: WorkerCommand): RawWorker {
  const dir = mkdtempSync(join(tmpdir(), 'babelreel-worker-'));
  const group = spawnGroup({ argv, env: { ...env, HOME: dir, TMPDIR: dir }, cwd: dir, stdin: 'pipe', stdout: 'pipe' });
  const lines: string[] = [];
  let read = 0;
  let rest = '';
  let wake = Promise.withResolvers<void>();
  let ended = false;
  const rouse = (): void => {
    wake.resolve();
    wake = Promise.withResolvers<void>();
  };
  group.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
    const parts = (rest + chunk).split('\n');
    rest = parts.pop() ?? '';
    lines.push(...parts);
    rouse();
  });
  void group.drained.then(() => {
    ended = true;
    rouse();
  });
  const nextAny = async (timeoutMs: number): Promise<FromWorker> => {
    const late = AbortSignal.timeout(timeoutMs);
    late.addEventListener('abort', () => rouse());
    while (lines[read] === undefined) {
      if (ended) throw new Error(`the worker ended: ${group.stderrTail().slice(-5).join(' | ')}`);
      if (late.aborted) throw new Error(`no message within ${timeoutMs} ms`);
      await wake.promise;
    }
    return JSON.parse(lines[read++] as string) as FromWorker;
  };
  return {
    pid: group.pid,
    dir,
    lines,
    send: (message) => void group.stdin?.write(`${JSON.stringify(message)}\n`),
    sendText: (text) => void group.stdin?.write(text),
    closeInput: () => void group.stdin?.end(),
    nextAny,
    async next<T extends FromWorker['type']>(type: T, timeoutMs = 60_000) {
      for (;;) {
        const message = await nextAny(timeoutMs);
        if (message.type === type) return message as MessageOf<T>;
        if (message.type !== 'beat' && message.type !== 'progress')
          throw new Error(`'${message.type}' instead of '${type}': ${JSON.stringify(message).slice(0, 300)}`);
      }
    },
    exited: group.exited,
    async [Symbol.asyncDispose]() {
      group.kill('kill');
      await group.drained;
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
