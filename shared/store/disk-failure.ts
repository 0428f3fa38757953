import { statfsSync } from 'node:fs';
import { Failure, isFailure } from '../contract/failure.ts';

/** Where something is being written, for the message if it does not work. */
export interface Place {
  readonly folder: string;
  /** Bytes that are about to be written, where known. */
  readonly neededBytes?: number;
}

/** EFBIG is the process's own file size limit: for the user it is one more full quota. */
const FULL = new Set(['ENOSPC', 'EDQUOT', 'EFBIG', 'SQLITE_FULL']);
const FORBIDDEN = new Set(['EACCES', 'EPERM', 'EROFS', 'SQLITE_CANTOPEN']);

/** The `code` of an error of node:fs or of SQLite, else an empty string. */
export const errorCode = (error: unknown): string => {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
  return typeof code === 'string' ? code : '';
};

/** A path as a shell takes it, for commands in messages. */
export const quoted = (path: string): string =>
  /^[\w./+-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;

const megabytes = (bytes: number): string => `${(bytes / 1e6).toLocaleString('en', { maximumFractionDigits: 1 })} MB`;

/**
 * Runs `work`; an error that says the disk is full or the folder cannot be written becomes a Failure that names the folder
 * (ERR_DISK_FULL with needed and free megabytes where known, ERR_NOT_WRITABLE). Everything else passes as it is.
 */
export async function onDisk<T>(place: Place, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw diskFailure(error, place);
  }
}

/** As `onDisk`, for work that is done at once. */
export function onDiskSync<T>(place: Place, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw diskFailure(error, place);
  }
}

/** The Failure an error stands for, or the error itself when it is about something else. */
export function diskFailure(error: unknown, place: Place): unknown {
  const code = errorCode(error);
  if (isFailure(error)) return error;
  if (FULL.has(code)) return full(error, place, code);
  if (FORBIDDEN.has(code) || code.startsWith('SQLITE_READONLY')) return notWritable(error, place.folder, code);
  return error;
}

function full(cause: unknown, { folder, neededBytes }: Place, code: string): Failure {
  const free = freeBytes(folder);
  const needed = neededBytes === undefined ? '' : `Needed ${megabytes(neededBytes)} in ${folder}`;
  const left = free === undefined ? '' : `${megabytes(free)} free`;
  const figures = [needed || `No room in ${folder}`, left].filter((part) => part !== '').join(', ');
  const limit = code === 'EDQUOT' ? ' (quota)' : code === 'EFBIG' ? ' (file size limit of this process)' : '';
  return new Failure('ERR_DISK_FULL', 'The disk is full.', {
    why: `${figures}${limit}.`,
    safe: 'Nothing half-written was kept; what is finished will not run again.',
    fix: [`df -h ${quoted(folder)}`],
    cause,
  });
}

/** The failure of a program that ran out of disk while it wrote into `folder`, with the figures that it could not tell; others as they are. */
export function withRoom(failure: Failure, folder: string): Failure {
  const free = freeBytes(folder);
  if (failure.code !== 'ERR_DISK_FULL' || free === undefined) return failure;
  const { why = '', ...details } = failure.details;
  // A temporary folder (see ownedName) is gone when the command is typed; the one that it lies in is on the same disk.
  const lasting = folder.replace(/\/[^/]*~.*$/, '');
  return new Failure(failure.code, failure.message, {
    fix: [`df -h ${quoted(lasting)}`],
    ...details,
    why: `${why}\n${megabytes(free)} free in ${lasting}.`.trimStart(),
  });
}

function notWritable(cause: unknown, folder: string, code: string): Failure {
  const readOnly = code === 'EROFS' || code.startsWith('SQLITE_READONLY');
  return new Failure('ERR_NOT_WRITABLE', `The folder ${folder} cannot be written.`, {
    why: readOnly ? `It is read-only (${code}).` : `This user may not write there (${code}).`,
    safe: 'Nothing was changed.',
    fix: [readOnly ? `findmnt -T ${quoted(folder)}` : `chmod u+rwx ${quoted(folder)}`],
    cause,
  });
}

/** What a user without privileges may still write there; undefined where the platform does not tell. */
function freeBytes(folder: string): number | undefined {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize;
  } catch {
    return undefined;
  }
}
