import { dirname } from 'node:path';
import { Failure, type FailureCode, isFailure } from '../shared/contract/failure.ts';
import { quoted } from '../shared/store/disk-failure.ts';

const ACCEPT = '--accept-damaged';

/**
 * Adds the command that helps to a failure about a film: the rooms that look at films do not know what was typed, so that theirs is at best
 * a part of it. Anything else passes.
 * @param typed the film as absolute path, and all arguments of prepare-job
 */
export function adviseFilm(
  error: unknown,
  typed: { readonly film: string; readonly args: readonly string[] },
): unknown {
  if (!isFailure(error)) return error;
  const fix = commandFor(error.code, typed);
  const hasOwn = (error.details.fix ?? []).length > 0 && error.code !== 'ERR_MEDIA_TRUNCATED';
  return fix === undefined || hasOwn ? error : new Failure(error.code, error.message, { ...error.details, fix: [fix] });
}

function commandFor(
  code: FailureCode,
  { film, args }: { readonly film: string; readonly args: readonly string[] },
): string | undefined {
  // Never a player for a playlist: it would open what the list names.
  switch (code) {
    case 'ERR_MEDIA_MISSING':
      return `ls -la ${quoted(dirname(film))}`;
    case 'ERR_MEDIA_EMPTY':
      return `ls -la ${quoted(film)}`;
    case 'ERR_MEDIA_PLAYLIST':
      return `head -c 400 ${quoted(film)}`;
    case 'ERR_MEDIA_UNREADABLE':
    case 'ERR_MEDIA_NO_AUDIO':
    case 'ERR_MEDIA_TOOL':
      return `ffprobe -hide_banner ${quoted(`file:${film}`)}`;
    case 'ERR_MEDIA_TRUNCATED':
      return args.includes(ACCEPT)
        ? `ffprobe -hide_banner ${quoted(`file:${film}`)}`
        : `./prepare-job.sh ${[...args, ACCEPT].map(quoted).join(' ')}`;
    case 'ERR_USAGE':
      return './prepare-job.sh --help';
    default:
      return undefined;
  }
}
