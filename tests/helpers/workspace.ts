import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { JobEvent } from '../../shared/contract/event.ts';

export const PROJECT_DIR = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

export interface CommandResult {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly ms: number;
}

/** A user's folder: own in/, out/ and store; environments and installers' caches are the project's, so nothing is installed twice. */
export interface Workspace {
  readonly dir: string;
  readonly env: Readonly<Record<string, string>>;
  /** Runs a command of ours by the pinned Node: `run('prepare-job', '--media', …)`. */
  run(...args: readonly string[]): Promise<CommandResult>;
  /** As `run`, and calls `onStart` with the child, so that a test can signal it. */
  start(args: readonly string[], onStart: (pid: number) => void): Promise<CommandResult>;
  /** Runs prepare-job and gives the id; throws with the output when it fails. */
  prepare(...args: readonly string[]): Promise<string>;
  readonly out: (job: string, name: string) => string;
  /** Removes jobs and everything that was computed; the films stay. */
  forget(): void;
  events(job: string): readonly JobEvent[];
}

export function makeWorkspace(extraEnv: Readonly<Record<string, string>> = {}): Workspace {
  const dir = mkdtempSync(join(tmpdir(), 'babelreel-'));
  const root = (name: string): [string, string] => [`BABELREEL_ROOTS_${name.toUpperCase()}`, join(dir, name)];
  const env: Record<string, string> = {
    PATH: process.env.PATH ?? '',
    HOME: dir,
    ...Object.fromEntries(
      ['state', 'objects', 'records', 'tasks', 'scratch', 'models', 'local', 'in', 'out'].map(root),
    ),
    ...extraEnv,
  };
  const start: Workspace['start'] = (args, onStart) =>
    new Promise((resolve, reject) => {
      const startedAt = performance.now();
      const child = spawn(process.execPath, [join(PROJECT_DIR, 'scripts/start.mjs'), ...args], {
        env,
        cwd: dir,
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      let stdout = '';
      let stderr = '';
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        stdout += text;
      });
      child.stderr.setEncoding('utf8').on('data', (text: string) => {
        stderr += text;
      });
      child.on('error', reject);
      child.on('exit', (code, signal) => {
        // The exit of the command, not of a pipe that something it left behind might hold.
        setTimeout(() => resolve({ code, signal, stdout, stderr, ms: performance.now() - startedAt }), 20);
      });
      if (child.pid !== undefined) onStart(child.pid);
    });
  const run: Workspace['run'] = (...args) => start(args, () => {});
  return {
    dir,
    env,
    run,
    start,
    async prepare(...args) {
      const result = await run('prepare-job', ...args);
      if (result.code !== 0) throw new Error(`prepare-job ended with ${result.code}\n${result.stderr}`);
      return result.stdout.trim();
    },
    out: (job, name) => join(dir, 'out', job, name),
    forget() {
      for (const name of ['state', 'objects', 'records', 'tasks', 'scratch', 'out'])
        rmSync(join(dir, name), { recursive: true, force: true });
    },
    events: (job) =>
      readFileSync(join(dir, 'out', job, 'events.jsonl'), 'utf8')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as JobEvent),
  };
}
