import { Failure } from '../contract/failure.ts';
import type { Probe } from '../contract/media.ts';
import { lastWords, resourceFailure } from '../process/exit-failure.ts';
import { runProcess } from '../process/run-process.ts';
import { fileUrl } from './file-url.ts';
import { allocationLimit, inputLimits } from './input-limits.ts';
import { readProbe } from './read-probe.ts';

export interface ProbeOptions {
  /** Absolute path of the program. */
  readonly ffprobe: string;
  readonly env: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  readonly denyNetwork?: boolean;
}

const TIMEOUT_MS = 120_000;

/**
 * What is in a media file, read under the same limits as every foreign input.
 * @param path absolute
 * @throws Failure ERR_MEDIA_UNREADABLE (not media, or a format or codec that is not allowed), ERR_MEDIA_TOOL (ffprobe failed or
 * hung), ERR_CANCELLED, ERR_SYSTEM_PACKAGE
 */
export async function probeMedia(path: string, { ffprobe, ...options }: ProbeOptions): Promise<Probe> {
  const flags = ['-hide_banner', '-loglevel', 'level+error', ...allocationLimit, ...inputLimits('foreign')];
  const report = ['-print_format', 'json', '-show_format', '-show_streams', fileUrl(path)];
  const result = await runProcess({
    argv: [ffprobe, ...flags, ...report],
    cwd: '/',
    timeoutMs: TIMEOUT_MS,
    ...options,
  });
  if (result.timedOut || result.overflowed || result.signal !== null) {
    const why = result.timedOut ? `It gave no answer within ${TIMEOUT_MS / 1000} s.` : lastWords(result.stderrTail);
    throw (
      resourceFailure('ffprobe', result, result.stderrTail) ??
      new Failure('ERR_MEDIA_TOOL', `ffprobe failed on ${path}.`, { why })
    );
  }
  if (result.code !== 0) {
    throw new Failure('ERR_MEDIA_UNREADABLE', `${path} cannot be read as media.`, {
      why: reason(result.stderrTail),
      safe: 'The file was not changed.',
    });
  }
  return readProbe(result.stdout);
}

/** ffprobe's last line without its file name, which the message has already. */
const reason = (stderrTail: readonly string[]): string =>
  lastWords(stderrTail)
    .replace(/^\[\w+\] (?:file:.*: )?/, 'ffprobe says: ')
    .replace(/([^.])$/, '$1.');
