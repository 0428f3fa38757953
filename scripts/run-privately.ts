import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { JobEvent } from '../shared/contract/event.ts';
import { Failure } from '../shared/contract/failure.ts';
import type { Digest } from '../shared/contract/ids.ts';
import type { NetworkAttempt } from '../shared/contract/offline.ts';
import type { FailureJson } from '../shared/contract/report.ts';
import { spawnGroup } from '../shared/process/spawn-group.ts';
import { eventsPath } from '../shared/runner/finished.ts';
import { readJobState } from '../shared/runner/job-state.ts';
import type { Roots } from '../shared/util/settings.ts';

export interface PrivateRun {
  /** How the command failed; undefined when it ended well. */
  readonly failure: FailureJson | undefined;
  readonly attempts: readonly NetworkAttempt[];
  /** Identities the run found for what the manifest did not know. */
  readonly resolved: Readonly<Record<string, Digest>>;
}

/** Of the user's variables a private run gets these and the settings that are no roots. */
const KEPT = /^(PATH|HOME|TMPDIR|NO_COLOR|BABELREEL_(LIMITS|TIMEOUTS|PYTHON).*)$/;
const GRACE_MS = 6_000;

/**
 * Runs `run-pipeline -j ID --offline enforce` as a command of its own, the whole of it cut off from every network by the kernel.
 * @throws Failure ERR_OFFLINE, ERR_CANCELLED
 */
export async function runPrivately(options: {
  readonly id: string;
  readonly projectDir: string;
  readonly roots: Roots;
  readonly signal: AbortSignal;
  readonly onEvent: (event: JobEvent) => void;
}): Promise<PrivateRun> {
  const { id, projectDir, roots, signal } = options;
  const started = spawnGroup({
    argv: [
      process.execPath,
      join(projectDir, 'scripts/start.mjs'),
      'run-pipeline',
      '-j',
      id,
      '--offline',
      'enforce',
      '--json',
    ],
    cwd: projectDir,
    env: { ...keptVariables(), ...rootVariables(roots) },
    stdout: 'pipe',
    denyNetwork: true,
    onStderrLine(line) {
      const event = readEvent(line);
      // What is delivered in private is no delivery.
      if (event !== undefined && event.type !== 'deliver') options.onEvent(event);
    },
  });
  await using group = started;
  const stop = (): void => void group.stop({ graceMs: GRACE_MS });
  signal.addEventListener('abort', stop, { once: true });
  let stdout = '';
  group.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  const exit = await group.drained;
  signal.removeEventListener('abort', stop);
  if (signal.aborted) throw new Failure('ERR_CANCELLED', 'Stopped by the user.', { safe: 'The job was not touched.' });
  return {
    failure: exit.code === 0 ? undefined : readFailure(stdout, `It ended with ${exit.code ?? exit.signal}.`),
    attempts: readAttempts(roots.out, id),
    resolved: readJobState(roots.out, id).resolved,
  };
}

const keptVariables = (): Record<string, string> =>
  Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) =>
      value !== undefined && KEPT.test(name) ? [[name, value] as const] : [],
    ),
  );

const rootVariables = (roots: Roots): Record<string, string> =>
  Object.fromEntries(
    Object.entries(roots).map(([name, path]: [string, string | readonly string[]]) => [
      `BABELREEL_ROOTS_${name.toUpperCase()}`,
      typeof path === 'string' ? path : path.join(':'),
    ]),
  );

function readEvent(line: string): JobEvent | undefined {
  try {
    const event = JSON.parse(line) as Partial<JobEvent>;
    return typeof event.type === 'string' && typeof event.seq === 'number' ? (event as JobEvent) : undefined;
  } catch {
    return undefined;
  }
}

function readFailure(stdout: string, otherwise: string): FailureJson {
  try {
    const failure = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Partial<FailureJson>;
    if (typeof failure.code === 'string' && typeof failure.message === 'string')
      return { stage: null, cause: null, fix: [], log: null, class: 'internal', ...failure } as FailureJson;
  } catch {
    // It said nothing that can be read.
  }
  return { code: 'ERR_INTERNAL', class: 'internal', stage: null, message: otherwise, cause: null, fix: [], log: null };
}

/** From the events, which also have what came after the report. */
function readAttempts(outDir: string, id: string): readonly NetworkAttempt[] {
  let text = '';
  try {
    text = readFileSync(eventsPath(outDir, id), 'utf8');
  } catch {
    // It ended before its first event.
  }
  return text.split('\n').flatMap((line) => {
    const event = readEvent(line);
    if (event?.type !== 'network.attempt') return [];
    const { engine, event: what, host, port, stack } = event;
    return [{ engine, event: what, host, port, stack }];
  });
}
