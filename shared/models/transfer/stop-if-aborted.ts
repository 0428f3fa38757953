import { Failure } from '../../contract/failure.ts';

/** Throws ERR_CANCELLED once `signal` is aborted. */
export function stopIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted !== true) return;
  throw new Failure('ERR_CANCELLED', 'Stopped.', { safe: 'Nothing half-written was kept.' });
}
