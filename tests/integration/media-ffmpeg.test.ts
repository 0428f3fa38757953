import { chmodSync, existsSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { MediaCommand } from '../../shared/contract/media-command.ts';
import { type FfmpegOptions, runFfmpeg } from '../../shared/media/run-ffmpeg.ts';
import { liveGroups } from '../../shared/process/live-groups.ts';
import { ENV, FFMPEG, makeMedia, temporaryFolder } from '../helpers/media-files.ts';

const folder = temporaryFolder();
const at = (name: string): string => join(folder.path, name);
afterAll(folder.remove);
beforeAll(() => makeMedia('-f', 'lavfi', '-i', 'sine=d=60', at('minute.wav')));

const command = (output: string, more: Partial<MediaCommand> = {}): MediaCommand => ({
  inputs: [{ path: at('minute.wav'), trust: 'foreign' }],
  outputs: [{ path: output, options: ['-f', 's16le'] }],
  ...more,
});
const run = (what: MediaCommand, options: Partial<FfmpegOptions> = {}) =>
  runFfmpeg(what, { ffmpeg: FFMPEG, env: ENV, cwd: folder.path, signal: new AbortController().signal, ...options });

/** A stand-in for ffmpeg; `$!` and the like are the shell's. */
function fakeFfmpeg(name: string, script: string): string {
  writeFileSync(at(name), `#!/bin/sh\n${script}\n`);
  chmodSync(at(name), 0o755);
  return at(name);
}

it('ffmpeg tells how far it is and where it ended', async () => {
  const seen: number[] = [];
  const result = await run(command(at('out.pcm'), { onProgress: (ms) => seen.push(ms) }));
  expect(result).toMatchObject({ reachedMs: 60_000, damageCount: 0, damageLines: [] });
  expect(seen.at(-1)).toBe(60_000);
  expect(seen).toEqual([...seen].sort((a, b) => a - b));
});

it('a full disk is a full disk, not a broken film', async () => {
  await expect(run(command('/dev/full'))).rejects.toMatchObject({ code: 'ERR_DISK_FULL' });
});

it('a folder that does not exist is a failure of the tool with its own words', async () => {
  await expect(run(command(at('nowhere/out.pcm')))).rejects.toMatchObject({
    code: 'ERR_MEDIA_TOOL',
    details: { why: expect.stringContaining('No such file or directory') },
  });
});

it('a cancelled ffmpeg is gone within a second, with what it started', async () => {
  const ffmpeg = fakeFfmpeg('slow', `sleep 60 & echo $! > '${at('pid')}'; wait`);
  const start = performance.now();
  const running = run(command(at('never.pcm')), { ffmpeg, signal: AbortSignal.timeout(300) });
  await expect(running).rejects.toMatchObject({ code: 'ERR_CANCELLED' });
  expect(performance.now() - start).toBeLessThan(1300);
  expect(liveGroups()).toEqual([]);
});

it('an ffmpeg that stops working is ended and the limit named', async () => {
  const ffmpeg = fakeFfmpeg('hung', 'echo out_time_us=1500000 >&3; exec sleep 60');
  await expect(run(command(at('never.pcm')), { ffmpeg, stallMs: 1000 })).rejects.toMatchObject({
    code: 'ERR_MEDIA_TOOL',
    details: { why: expect.stringMatching(/reached 1\.5 s.*no-progress limit is 1 s/) },
  });
});

it('an ffmpeg that only moves bytes for a while is left to work', async () => {
  const busy =
    'i=0; while [ $i -lt 40 ]; do head -c 100000 /dev/zero > /dev/null; read x < /etc/hostname; i=$((i+1)); sleep 0.05; done';
  const ffmpeg = fakeFfmpeg('busy', busy);
  await expect(run(command(at('never.pcm')), { ffmpeg, stallMs: 800 })).resolves.toMatchObject({ reachedMs: 0 });
});

it('an ffmpeg without a network works on files', async () => {
  await run(command(at('offline.pcm')), { denyNetwork: true });
  expect(statSync(at('offline.pcm')).size).toBe(60 * 88_200);
  expect(existsSync(at('offline.pcm'))).toBe(true);
});
