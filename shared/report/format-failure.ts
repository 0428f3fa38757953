import type { Failure, FailureClass, FailureCode } from '../contract/failure.ts';
import { escapeLines, escapeText } from './escape-text.ts';
import { toFailure } from './to-failure.ts';

export interface FailureContext {
  readonly jobId?: string | undefined;
  /** What the process ends with, where it is not the failure's own: SIGTERM and Ctrl-C are both a cancellation. */
  readonly exitCode?: number | undefined;
  /** Path of the log as it is to be shown; the failure's own when absent. */
  readonly log?: string | undefined;
}

/** What a person does before the command that goes on. */
const BEFORE: Partial<Readonly<Record<FailureCode, string>>> = {
  ERR_DISK_FULL: 'Free space, then:',
  ERR_MEMORY: 'Free memory, then:',
  ERR_NOT_WRITABLE: 'Make it writable, then:',
  ERR_JOB_LOCKED: 'When it has ended:',
  ERR_CANCELLED: 'Go on with:',
};

/** Classes after which the same job simply goes on. */
const RESUMABLE: ReadonlySet<FailureClass> = new Set(['incomplete', 'resource', 'locked', 'cancelled']);

/** The command that goes on once the cause is gone; undefined where that would not help. */
function commandToGoOn({ class: kind, details }: Failure, jobId: string | undefined): string | undefined {
  if (!RESUMABLE.has(kind)) return undefined;
  return details.again ?? (jobId === undefined ? undefined : `./run-pipeline.sh -j ${jobId}`);
}

/** Commands that help, the one that goes on last. */
export function fixesOf(failure: Failure, jobId: string | undefined): readonly string[] {
  const given = failure.details.fix ?? [];
  const again = commandToGoOn(failure, jobId);
  return again === undefined || given.includes(again) ? given : [...given, again];
}

/** A sentence inside a sentence: `The disk` becomes `the disk`, `ASR` and `I/O` stay. */
const continued = (message: string): string =>
  message.replace(/^\p{Lu}(?=\p{Ll}|\s)/u, (letter) => letter.toLowerCase());
const opened = (message: string): string => message.replace(/^\p{Ll}/u, (letter) => letter.toUpperCase());

/**
 * A failure for a person (docs/concepts.md): what failed, why with figures, what is safe, the command that helps, code and log. Several lines
 * without a line end after the last; foreign text is made safe; never a stack trace.
 */
export function formatFailure(error: unknown, context: FailureContext = {}): string {
  const failure = toFailure(error);
  const { stage, why, safe } = failure.details;
  const log = context.log ?? failure.details.log;
  const message = escapeText(failure.message);
  const headline = stage === undefined ? opened(message) : `Stage ${escapeText(stage)} failed: ${continued(message)}`;
  const again = commandToGoOn(failure, context.jobId);
  const fixes = fixesOf(failure, context.jobId).map((fix, index) => {
    const label = fix === again ? BEFORE[failure.code] : undefined;
    return `${label ?? (index === 0 ? 'Try:' : 'Or:')}  ${escapeText(fix)}`;
  });
  const last = `${failure.code} (exit ${context.exitCode ?? failure.exitCode})${log === undefined ? '' : `  log: ${escapeText(log)}`}`;
  const body = [...escapeLines(why ?? ''), ...escapeLines(safe ?? ''), ...fixes, last];
  return [`✗ ${headline}`, ...body.map((line) => `  ${line}`)].join('\n');
}
