import { constants } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { Failure } from '../contract/failure.ts';
import type { Probe } from '../contract/media.ts';
import { acceptDamagedCommand } from './accept-damaged-command.ts';
import { chooseAudioStream } from './choose-audio-stream.ts';
import { findTruncation, reader } from './find-truncation.ts';
import { type ProbeOptions, probeMedia } from './probe-media.ts';
import { sniffFile } from './sniff-file.ts';

export interface InspectOptions extends ProbeOptions {
  /** Go on with a truncated file; what is missing is told in the result. */
  readonly acceptDamaged?: boolean;
}

export interface Inspection {
  readonly probe: Probe;
  /** A sentence with figures when bytes are missing and that was accepted. */
  readonly truncation: string | undefined;
}

const HEAD_BYTES = 64 * 1024;
const SAFE = 'Nothing was made; the file was not changed.';

/**
 * Everything that can be known to be wrong with a media file before any work is done on it.
 * @param path absolute
 * @throws Failure ERR_MEDIA_MISSING, ERR_MEDIA_EMPTY, ERR_MEDIA_PLAYLIST, ERR_MEDIA_UNREADABLE, ERR_MEDIA_TRUNCATED,
 * ERR_MEDIA_NO_AUDIO, and what probeMedia throws
 */
export async function inspectMedia(path: string, options: InspectOptions): Promise<Inspection> {
  const { acceptDamaged = false, ...probeOptions } = options;
  await using file = await openMedia(path);
  const { size } = await file.stat();
  if (size === 0) throw new Failure('ERR_MEDIA_EMPTY', `${path} has no bytes.`, { safe: SAFE });
  await refuseOtherFiles(path, file);
  const truncation = await findTruncation(reader(file), size);
  if (truncation !== undefined && !acceptDamaged) throw truncated(path, truncation);
  const probe = await probeMedia(path, probeOptions).catch((error: unknown) => {
    // A file without its index cannot be read at all: the missing bytes are the reason, not the format.
    throw truncation === undefined ? error : truncated(path, truncation, error);
  });
  chooseAudioStream(probe, undefined);
  return { probe, truncation };
}

/** Opens without waiting, since a named pipe would wait for its writer for ever. */
async function openMedia(path: string): Promise<FileHandle> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    throw new Failure('ERR_MEDIA_MISSING', `${path} is not there.`, {
      why: `The system says ${error.code}.`,
      cause: error,
    });
  });
  if (!found.isFile()) {
    const why = found.isDirectory() ? 'It is a folder; name the file in it.' : 'It is a device, pipe or socket.';
    throw new Failure('ERR_MEDIA_MISSING', `${path} is not a file.`, { why });
  }
  return open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch((error: NodeJS.ErrnoException) => {
    const why = `The system says ${error.code}.`;
    throw new Failure('ERR_MEDIA_UNREADABLE', `${path} may not be read.`, { why, safe: SAFE, cause: error });
  });
}

async function refuseOtherFiles(path: string, file: FileHandle): Promise<void> {
  const sniffed = sniffFile(await reader(file)(0, HEAD_BYTES));
  if (sniffed?.kind === 'playlist') {
    throw new Failure('ERR_MEDIA_PLAYLIST', `${path} is ${sniffed.name}, not media.`, {
      why: 'A playlist can name other files and hosts, so it is refused whatever its name is.',
      safe: SAFE,
    });
  }
  if (sniffed !== undefined) {
    throw new Failure('ERR_MEDIA_UNREADABLE', `${path} is ${sniffed.name}, not media.`, { safe: SAFE });
  }
}

const truncated = (path: string, why: string, cause?: unknown): Failure =>
  new Failure('ERR_MEDIA_TRUNCATED', `${path} is not complete.`, {
    why,
    safe: SAFE,
    fix: [acceptDamagedCommand(path)],
    ...(cause === undefined ? {} : { cause }),
  });
