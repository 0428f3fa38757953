import { execFile } from 'node:child_process';
import { tmpdir } from 'node:os';
import { promisify } from 'node:util';
import type { MediaCommand } from '../../shared/contract/media-command.ts';
import type { MediaActions } from '../../shared/contract/stage.ts';
import { probeMedia } from '../../shared/media/probe-media.ts';
import { runFfmpeg } from '../../shared/media/run-ffmpeg.ts';

const ENV = { PATH: '/usr/bin:/bin', LC_ALL: 'C.UTF-8', TZ: 'UTC' };

/** Real ffmpeg and ffprobe for stages that are tested alone; `commands` collects what was asked. */
export function ffmpegMedia(): MediaActions & { readonly commands: MediaCommand[] } {
  const commands: MediaCommand[] = [];
  const signal = new AbortController().signal;
  return {
    commands,
    ffmpeg: (command) => {
      commands.push(command);
      return runFfmpeg(command, { ffmpeg: '/usr/bin/ffmpeg', env: ENV, cwd: command.cwd ?? tmpdir(), signal });
    },
    probe: (path) => probeMedia(path, { ffprobe: '/usr/bin/ffprobe', env: ENV, signal }),
  };
}

const run = promisify(execFile);

/** Runs ffmpeg or ffprobe as a judge, free of the product's own rules. */
export async function judge(
  program: 'ffmpeg' | 'ffprobe',
  args: readonly string[],
): Promise<{ readonly stdout: Buffer; readonly stderr: string }> {
  const { stdout, stderr } = await run(program, ['-hide_banner', ...args], {
    encoding: 'buffer',
    maxBuffer: 1 << 28,
    env: ENV,
  });
  return { stdout, stderr: stderr.toString('utf8') };
}

/** Integrated loudness (LUFS) and true peak (dBTP) of the first audio stream, as ffmpeg's ebur128 filter hears it. */
export async function heardLoudness(
  path: string,
  options: readonly string[] = [],
): Promise<{ lufs: number; dbtp: number }> {
  const filter = ['-map', '0:a:0', '-af', 'ebur128=peak=true:framelog=verbose', '-f', 'null', '-'];
  const { stderr } = await judge('ffmpeg', ['-nostats', ...options, '-i', path, ...filter]);
  const summary = stderr.slice(stderr.lastIndexOf('Summary:'));
  return {
    lufs: Number(/I:\s+(-?[\d.]+|-inf) LUFS/.exec(summary)?.[1]),
    dbtp: Number(/Peak:\s+(-?[\d.]+|-inf) dBFS/.exec(summary)?.[1]),
  };
}

/** First audio stream as 48 kHz stereo samples. */
export async function decodeStereo(path: string, map = '0:a:0'): Promise<Int16Array> {
  const { stdout } = await judge('ffmpeg', [
    '-v',
    'error',
    '-i',
    path,
    '-map',
    map,
    '-f',
    's16le',
    '-ac',
    '2',
    '-ar',
    '48000',
    '-',
  ]);
  return new Int16Array(stdout.buffer, stdout.byteOffset, stdout.length >> 1).slice();
}
