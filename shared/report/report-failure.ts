import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { isFailure } from '../contract/failure.ts';
import { failureJson } from './failure-json.ts';
import { type FailureContext, formatFailure } from './format-failure.ts';
import { toFailure } from './to-failure.ts';

interface Sink {
  write(text: string): unknown;
}

export interface ReportFailureOptions extends FailureContext {
  /** One JSON object on stdout in the place of the lines on stderr. */
  readonly json: boolean;
  /** Paths under it are shown relative to it. */
  readonly projectDir: string;
  readonly stdout?: Sink;
  readonly stderr?: Sink;
}

/** A stack never goes to the screen: that of a bug goes into a private file in the system's folder for temporary files. */
function writeCrashLog(error: unknown): string | undefined {
  try {
    const path = join(mkdtempSync(join(tmpdir(), 'babelreel-crash-')), 'crash.log');
    writeFileSync(path, `${inspect(error, { depth: 4 })}\n`, { mode: 0o600 });
    return path;
  } catch {
    // a full or read-only disk must not hide the error itself
    return undefined;
  }
}

/** Prints the failure that ends a command and gives its exit code. The only place where a command's failure meets the screen. */
export function reportFailure(error: unknown, options: ReportFailureOptions): number {
  const { json, projectDir, jobId, exitCode, stdout = process.stdout, stderr = process.stderr } = options;
  const failure = toFailure(error);
  const log = failure.details.log ?? options.log ?? (isFailure(error) ? undefined : writeCrashLog(error));
  const shown = log?.startsWith(`${projectDir}/`) ? log.slice(projectDir.length + 1) : log;
  if (json) stdout.write(`${JSON.stringify(failureJson(failure, { jobId, log: shown }))}\n`);
  else stderr.write(`${formatFailure(failure, { jobId, exitCode, log: shown })}\n`);
  return failure.exitCode;
}
