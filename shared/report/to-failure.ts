import { Failure, isFailure } from '../contract/failure.ts';

/** An expected failure as it is; anything else is a bug and becomes ERR_INTERNAL with the error as its cause. */
export function toFailure(error: unknown): Failure {
  if (isFailure(error)) return error;
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return new Failure('ERR_INTERNAL', 'This is a bug in babelreel.', { why: message, cause: error });
}
