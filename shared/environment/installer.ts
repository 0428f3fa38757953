import { Failure, type FailureCode } from '../contract/failure.ts';
import { resourceFailure } from '../process/exit-failure.ts';
import { type RunResult, runProcess } from '../process/run-process.ts';

/** What every step of a set-up shares. */
export interface InstallerContext {
  /** All variables of the installers. */
  readonly env: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
}

/** What uv, pip and apt print when they cannot reach an index. They have no exit code of its own for it. */
const NO_NETWORK =
  /dns error|failed to lookup address|name resolution|temporary failure resolving|could not resolve|network is unreachable|network connectivity is disabled|error sending request|failed to fetch|could not connect|connection (refused|reset|timed out)|newconnectionerror|max retries exceeded|read timed out|no route to host|failed to establish a new connection/i;
const WRONG_HASH = /hash mismatch|do not match the hashes|hashes are required/i;

/** Twenty minutes: the largest environment of a slow line, not a hanging one. */
const LIMIT_MS = 20 * 60_000;

const linesOf = ({ stdout, stderrTail }: RunResult): readonly string[] =>
  [...stdout.split('\n'), ...stderrTail].map((line) => line.trim()).filter((line) => line !== '');

/** The code for what an installer printed. Its text is the only thing it tells. */
export function installerCode(text: string): FailureCode {
  return NO_NETWORK.test(text) && !WRONG_HASH.test(text) ? 'ERR_OFFLINE' : 'ERR_ENVIRONMENT';
}

/** The failure for an installer that ended badly. `what` is the message, `fix` the commands that help. */
export function installerFailure(what: string, result: RunResult, fix: readonly string[]): Failure {
  const lines = linesOf(result);
  const resource = resourceFailure('The installer', result, lines);
  if (resource !== undefined) return resource;
  const code = installerCode(lines.join('\n'));
  const late = result.timedOut ? `It was stopped after ${LIMIT_MS / 60_000} minutes. ` : '';
  return new Failure(code, what, {
    why: `${late}${code === 'ERR_OFFLINE' ? 'A package has to be fetched and no package index answers: ' : ''}${lines.slice(-4).join(' · ').slice(0, 600)}`,
    safe: 'What was there before is untouched.',
    fix,
  });
}

/** Runs one command of a set-up. A non-zero exit is a result. */
export const runInstaller = (context: InstallerContext, argv: readonly string[]): Promise<RunResult> =>
  runProcess({
    argv,
    env: context.env,
    cwd: '/',
    timeoutMs: LIMIT_MS,
    ...(context.signal === undefined ? {} : { signal: context.signal }),
  });
