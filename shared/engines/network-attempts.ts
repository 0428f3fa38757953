import { readFileSync, statSync } from 'node:fs';
import { Failure, type FailureCode } from '../contract/failure.ts';
import type { EngineId } from '../contract/ids.ts';
import type { NetworkAttempt } from '../contract/offline.ts';

/** What the guard of a worker refused, read from the file it appends to. */
export interface AttemptsLog {
  /** Those that came since the last look. Costs one stat while there are none. */
  take(): readonly NetworkAttempt[];
}

/** @param path undefined for a worker without a guard */
export function openAttempts(engine: EngineId, path: string | undefined): AttemptsLog {
  let seen = 0;
  return {
    take() {
      const bytes = path === undefined ? undefined : statSync(path, { throwIfNoEntry: false })?.size;
      if (path === undefined || bytes === undefined || bytes <= seen) return [];
      const text = readFileSync(path).subarray(seen).toString('latin1');
      // A line that is still being written is read at the next look.
      const whole = text.slice(0, text.lastIndexOf('\n') + 1);
      seen += whole.length;
      return whole.split('\n').flatMap((line) => readLine(engine, line));
    },
  };
}

/** The worker owns the file, so nothing in it is believed to have the right shape. */
function readLine(engine: EngineId, line: string): readonly NetworkAttempt[] {
  if (line === '') return [];
  try {
    const { event, host, port, stack } = JSON.parse(line) as Record<string, unknown>;
    return [
      {
        engine,
        event: String(event),
        host: String(host ?? ''),
        port: typeof port === 'number' ? port : null,
        stack: (Array.isArray(stack) ? stack : []).slice(0, 8).map(String),
      },
    ];
  } catch {
    return [{ engine, event: 'unreadable', host: '', port: null, stack: [line.slice(0, 200)] }];
  }
}

/** `example.com:443`, as far as it is known. */
export const addressOf = ({ host, port }: NetworkAttempt): string =>
  host === '' ? 'a network' : port === null ? host : `${host}:${port}`;

/** Ends that a refused attempt explains better than they explain themselves. */
const EXPLAINED: readonly FailureCode[] = ['ERR_OFFLINE', 'ERR_ENGINE_REFUSED', 'ERR_WORKER_START', 'ERR_WORKER_DIED'];

/** The failure as ERR_OFFLINE with host and culprit, when the worker had wanted to use a network; else as it is. */
export function nameCulprit(failure: Failure, attempts: readonly NetworkAttempt[]): Failure {
  const [first] = attempts;
  if (first === undefined || !EXPLAINED.includes(failure.code)) return failure;
  const more = attempts.length === 1 ? '' : ` There were ${attempts.length - 1} more attempts.`;
  return new Failure('ERR_OFFLINE', `The engine ${first.engine} wanted to use a network and was refused.`, {
    ...failure.details,
    why: `It asked for ${addressOf(first)} (${first.event}); wanted by ${first.stack.slice(0, 3).join(', from ') || 'an unknown place'}.${more}`,
    safe: 'What is finished is kept.',
    fix: ['./babelreel.sh engines'],
    cause: failure,
  });
}
