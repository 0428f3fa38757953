import { Failure } from '../../contract/failure.ts';

/** The user does not want to wait any longer. */
export const stopped = (cause?: unknown): Failure =>
  new Failure('ERR_CANCELLED', 'The download was stopped.', {
    safe: 'What was fetched so far is kept and need not be fetched again.',
    ...(cause === undefined ? {} : { cause }),
  });
