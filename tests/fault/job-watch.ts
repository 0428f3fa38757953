import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { JobEvent } from '../../shared/contract/event.ts';
import { type CommandResult, PROJECT_DIR, type Workspace } from '../helpers/workspace.ts';

/** A run under way. */
export interface Running {
  readonly pid: number;
  readonly result: Promise<CommandResult>;
  /** What it has printed on stderr so far. */
  stderr(): string;
  /** Sends a signal to the runner alone. */
  signal(name: NodeJS.Signals): void;
}

export interface StartOptions {
  /** Added to the workspace's variables. */
  readonly env?: Readonly<Record<string, string>>;
  /** Put in front of node; it must become node and not stay its parent. */
  readonly before?: readonly string[];
}

/** Starts a command of ours in a workspace and does not wait for it. */
export function startRun(
  { dir, env }: Pick<Workspace, 'dir' | 'env'>,
  args: readonly string[],
  options: StartOptions = {},
): Running {
  const startedAt = performance.now();
  const argv = [...(options.before ?? []), process.execPath, join(PROJECT_DIR, 'scripts/start.mjs'), ...args];
  const child = spawn(argv[0] as string, argv.slice(1), {
    cwd: dir,
    env: { ...env, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const { pid } = child;
  if (pid === undefined) throw new Error(`${argv[0]} did not start`);
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const result = new Promise<CommandResult>((resolve) => {
    child.on('exit', (code, signal) => {
      const ms = performance.now() - startedAt;
      // What it printed at last is still in the pipes.
      setTimeout(() => resolve({ code, signal, stdout, stderr, ms }), 20);
    });
  });
  return { pid, result, stderr: () => stderr, signal: (name) => void process.kill(pid, name) };
}

/** Events of a job as far as they are written whole; none before there are any. */
export function eventsSoFar(workspace: Workspace, job: string): readonly JobEvent[] {
  try {
    return workspace.events(job);
  } catch {
    return [];
  }
}

/** Asks every 5 ms until there is an answer, 60 s at most. */
export async function until<T>(ask: () => T | undefined, what: string): Promise<T> {
  const started = performance.now();
  for (;;) {
    const found = ask();
    if (found !== undefined) return found;
    if (performance.now() - started > 60_000) throw new Error(`${what} did not come within 60 s`);
    await sleep(5);
  }
}

export interface WatchedJob {
  readonly workspace: Workspace;
  readonly job: string;
}

type EventOf<T extends JobEvent['type']> = JobEvent & { readonly type: T };

/** Waits for the first event of a job that fits. */
export function untilEvent<T extends JobEvent['type']>(
  { workspace, job }: WatchedJob,
  type: T,
  fits: (event: EventOf<T>) => boolean = () => true,
): Promise<EventOf<T>> {
  const isWanted = (event: JobEvent): event is EventOf<T> => event.type === type && fits(event as EventOf<T>);
  return until(() => eventsSoFar(workspace, job).find(isWanted), `the event ${type}`);
}

/** The worker of an engine that works on a request right now: its process id. */
export function busyWorker(events: readonly JobEvent[], engine: string): number | undefined {
  let pid: number | undefined;
  const open = new Set<string>();
  for (const event of events) {
    if (!('engine' in event) || event.engine !== engine) continue;
    if (event.type === 'worker.ready') pid = event.pid;
    if (event.type === 'worker.end') pid = undefined;
    if (event.type === 'task.start') open.add(event.task);
    if (event.type === 'task.end') open.delete(event.task);
  }
  return open.size > 0 ? pid : undefined;
}

/** Stops the worker of an engine (SIGSTOP) so that it owes an answer and cannot give it; gives its process id. */
export async function freezeBusyWorker(target: WatchedJob, engine: string): Promise<number> {
  const { pid } = await untilEvent(target, 'worker.ready', (event) => event.engine === engine);
  process.kill(pid, 'SIGSTOP');
  return until(() => busyWorker(eventsSoFar(target.workspace, target.job), engine), `a request to ${engine}`);
}
