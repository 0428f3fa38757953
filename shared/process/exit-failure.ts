import { Failure } from '../contract/failure.ts';
import type { Exit } from './child-group.ts';

const DISK = /no space left on device|disk quota exceeded|file too large|\bENOSPC\b|\bEDQUOT\b/i;
const MEMORY = /cannot allocate memory|out of memory|\bMemoryError\b|std::bad_alloc|\bENOMEM\b/i;
/** A shell's and a launcher's way to say "ended by SIGXFSZ". */
const FILE_SIZE_EXIT = 153;

/** The resource a program ran out of, as a Failure, or undefined when its end has another reason. */
export function resourceFailure(program: string, exit: Exit, stderrTail: readonly string[]): Failure | undefined {
  if (exit.code === 0) return undefined;
  const text = stderrTail.slice(-20).join('\n');
  if (exit.signal === 'SIGXFSZ' || exit.code === FILE_SIZE_EXIT || DISK.test(text)) {
    return new Failure('ERR_DISK_FULL', `${program} could not write: the disk, quota or file size limit is reached.`, {
      why: lastWords(stderrTail),
    });
  }
  if (MEMORY.test(text)) {
    return new Failure('ERR_MEMORY', `${program} ran out of memory.`, { why: lastWords(stderrTail) });
  }
  return undefined;
}

/** `code 1` or `signal SIGKILL`, for messages. */
export const describeExit = ({ code, signal }: Exit): string => (signal === null ? `code ${code}` : `signal ${signal}`);

/** The last line a program printed, short enough for a message. */
export const lastWords = (stderrTail: readonly string[]): string =>
  stderrTail.at(-1)?.slice(0, 300) ?? 'It printed no reason.';
