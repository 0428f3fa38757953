import type { FailureJson } from '../contract/report.ts';
import { type FailureContext, fixesOf } from './format-failure.ts';
import { toFailure } from './to-failure.ts';

/** A failure as `--json` prints it. */
export function failureJson(error: unknown, context: FailureContext = {}): FailureJson {
  const failure = toFailure(error);
  const { stage, why, cause } = failure.details;
  return {
    code: failure.code,
    class: failure.class,
    stage: stage ?? null,
    message: failure.message,
    cause: why ?? (cause instanceof Error ? cause.message : null),
    fix: fixesOf(failure, context.jobId),
    log: context.log ?? failure.details.log ?? null,
  };
}
