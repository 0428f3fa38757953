import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { MediaActions } from '../../shared/contract/stage.ts';
import { type Inspection, type InspectOptions, inspectMedia } from '../../shared/media/inspect-media.ts';
import { probeMedia } from '../../shared/media/probe-media.ts';
import { runFfmpeg } from '../../shared/media/run-ffmpeg.ts';
import { findProgram } from '../../shared/process/find-program.ts';
import { runProcess } from '../../shared/process/run-process.ts';

export const ENV = { PATH: process.env.PATH ?? '/usr/bin:/bin', LC_ALL: 'C.UTF-8', TZ: 'UTC' };

const program = (name: string): string => {
  const path = findProgram(name);
  if (path === undefined) throw new Error(`${name} is not installed`);
  return path;
};
export const FFMPEG = program('ffmpeg');
export const FFPROBE = program('ffprobe');

/** A private folder, and how to remove it. */
export function temporaryFolder(): { readonly path: string; readonly remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), 'babelreel-media-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** Runs ffmpeg with plain arguments to make a test file; `lavfi` sources are allowed here. */
export async function makeMedia(...args: readonly string[]): Promise<void> {
  const result = await runProcess({ argv: [FFMPEG, '-v', 'error', '-nostdin', '-y', ...args], cwd: '/', env: ENV });
  if (result.code !== 0) throw new Error(`cannot make the test file: ${result.stderrTail.join('\n')}`);
}

/** What a stage gets as `media`, without admission: the real ffmpeg and ffprobe. */
export const mediaActions = (cwd: string): MediaActions => ({
  ffmpeg: (command) => runFfmpeg(command, { ffmpeg: FFMPEG, env: ENV, cwd, signal: new AbortController().signal }),
  probe: (path) => probeMedia(path, { ffprobe: FFPROBE, env: ENV }),
});

export const inspect = (path: string, options: Partial<InspectOptions> = {}): Promise<Inspection> =>
  inspectMedia(path, { ffprobe: FFPROBE, env: ENV, ...options });

/** All samples of a mono 16 kHz PCM file. */
export function readSamples(path: string): Int16Array {
  const bytes = readFileSync(path);
  return new Int16Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length - (bytes.length % 2)));
}

/** Time of the first sample at or after `fromMs` that is louder than a tenth of full scale, milliseconds; -1 when there is none. */
export function onsetMs(samples: Int16Array, fromMs = 0): number {
  const index = samples.findIndex((sample, at) => at >= fromMs * 16 && Math.abs(sample) > 3276);
  return index < 0 ? -1 : index / 16;
}
