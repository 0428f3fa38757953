import { createHash } from 'node:crypto';
import { readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { MediaCommand } from '../../shared/contract/media-command.ts';
import { extract } from '../../stages/extract/stage.ts';
import { makeMedia, mediaActions, onsetMs, readSamples, temporaryFolder } from '../helpers/media-files.ts';
import { runStage, type StageResult } from '../helpers/run-stage.ts';

const folder = temporaryFolder();
const at = (name: string): string => join(folder.path, name);
const scratches: string[] = [];
afterAll(() => {
  folder.remove();
  for (const scratch of scratches) rmSync(scratch, { recursive: true, force: true });
});

const digest = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex');

interface Options {
  readonly programme?: boolean;
  readonly acceptDamaged?: boolean;
  readonly audioStream?: number;
  readonly onCommand?: (command: MediaCommand) => void;
}

async function run(path: string, options: Options = {}): Promise<StageResult> {
  const { programme = false, acceptDamaged = false, audioStream = 0, onCommand } = options;
  const media = mediaActions(folder.path);
  const { durationMs } = await media.probe(path);
  const result = await runStage(extract, {
    params: { audioStream, programme, durationMs, acceptDamaged },
    inputs: { media: path },
    media: {
      ...media,
      ffmpeg: (command) => {
        onCommand?.(command);
        return media.ffmpeg(command);
      },
    },
  });
  scratches.push(dirname(result.files.speech ?? ''));
  return result;
}

const timeline = (result: StageResult) => JSON.parse(readFileSync(result.files.timeline ?? '', 'utf8'));
const speech = (result: StageResult): Int16Array => readSamples(result.files.speech ?? '');

/** Six seconds of silence with a tone from 2.0 to 2.5 s and from 4.0 to 4.5 s. */
const TONES = 'aevalsrc=if(between(t\\,2\\,2.5)+between(t\\,4\\,4.5)\\,0.8*sin(2*PI*440*t)\\,0):s=48000:d=6';
const PICTURE = ['-f', 'lavfi', '-i', 'color=c=gray:s=64x48:r=10:d=8'];

beforeAll(async () => {
  await makeMedia('-f', 'lavfi', '-i', TONES, at('tones.wav'));
});

describe('the clock of the film', () => {
  const lateCases: readonly (readonly [string, readonly string[]])[] = [
    ['MP4', ['-c:a', 'aac', 'mp4']],
    ['Matroska', ['-c:a', 'aac', 'mkv']],
    ['MPEG-TS', ['-c:a', 'mp2', 'ts']],
    ['MP4 whose clock does not start at 0', ['-c:a', 'aac', '-output_ts_offset', '7', 'mp4']],
    ['Matroska whose clock does not start at 0', ['-c:a', 'libopus', '-output_ts_offset', '7', 'mkv']],
    ['MPEG-TS whose clock does not start at 0', ['-c:a', 'aac', '-output_ts_offset', '700', 'ts']],
  ];
  it.each(lateCases)('gets silence in front of a stream that starts 1.5 s late (%s)', async (name, args) => {
    const path = at(`late-${name.replaceAll(' ', '-')}.${args.at(-1)}`);
    const inputs = [...PICTURE, '-itsoffset', '1.5', '-i', at('tones.wav')];
    await makeMedia(...inputs, '-map', '0:v', '-map', '1:a', '-c:v', 'mpeg4', ...args.slice(0, -1), path);

    const result = await run(path);

    expect(Math.abs(onsetMs(speech(result)) - 3500)).toBeLessThan(50);
    expect(Math.abs(onsetMs(speech(result), 4500) - 5500)).toBeLessThan(50);
    expect(Math.abs(timeline(result).audioStartMs - 1500)).toBeLessThan(50);
    expect(result.warnings).toEqual([]);
  });

  it.each([800, 80])('fills a gap of %i ms inside the stream, in both outputs', async (gapMs) => {
    const path = at(`gap${gapMs}.mkv`);
    const cut = `asetnsamples=480,aselect=not(between(t\\,2.6\\,${2.6 + gapMs / 1000}))`;
    await makeMedia('-i', at('tones.wav'), '-af', cut, '-c:a', 'pcm_s16le', path);

    const result = await run(path, { programme: true });

    expect(Math.abs(onsetMs(speech(result), 3000) - 4000)).toBeLessThan(50);
    expect(speech(result).length / 16).toBeCloseTo(6000, -2);
    expect(statSync(result.files.programme ?? '').size / 192).toBeCloseTo(6000, -2);
  });

  it('goes on over a change of channels and rate in the middle of a broadcast', async () => {
    const parts = [
      ['-af', 'pan=stereo|c0=c0|c1=c0', '-ar', '48000'],
      ['-af', 'pan=5.1|FC=c0', '-ar', '48000'],
      ['-af', 'pan=stereo|c0=c0|c1=c0', '-ar', '44100'],
    ];
    for (const [index, part] of parts.entries()) {
      const offset = ['-output_ts_offset', String(index * 6)];
      await makeMedia('-i', at('tones.wav'), ...part, '-c:a', 'ac3', ...offset, '-f', 'mpegts', at(`part${index}.ts`));
    }
    writeFileSync(at('change.ts'), Buffer.concat(parts.map((_, index) => readFileSync(at(`part${index}.ts`)))));

    const result = await run(at('change.ts'), { programme: true });

    for (const expected of [2000, 8000, 14_000]) {
      expect(Math.abs(onsetMs(speech(result), expected - 1000) - expected)).toBeLessThan(50);
    }
    // The encoder of the last part leaves out its last 58 ms.
    expect(Math.abs(speech(result).length / 16 - 18_000)).toBeLessThan(70);
    expect(Math.abs(statSync(result.files.programme ?? '').size / 192 - 18_000)).toBeLessThan(70);
  });
});

describe('one pass', () => {
  it('writes speech and programme with one ffmpeg call, and twice the same bytes', async () => {
    const path = at('stereo.mp4');
    await makeMedia(...PICTURE, '-i', at('tones.wav'), '-c:v', 'mpeg4', '-c:a', 'aac', '-ac', '2', path);
    const commands: MediaCommand[] = [];

    const first = await run(path, { programme: true, onCommand: (command) => commands.push(command) });
    const second = await run(path, { programme: true });

    expect(commands).toHaveLength(1);
    for (const port of ['speech', 'programme', 'timeline']) {
      expect(digest(first.files[port] ?? '')).toBe(digest(second.files[port] ?? ''));
    }
    expect(first.figures.mediaMs).toBe(8000);
    expect(timeline(first)).toEqual({
      schema: 'timeline/1',
      durationMs: 8000,
      audioStartMs: 0,
      samples: speech(first).length,
      damageCount: 0,
    });
  });

  it('takes the audio stream that was asked for', async () => {
    const path = at('two.mkv');
    const inputs = ['-f', 'lavfi', '-i', 'anullsrc=d=6:r=48000:cl=mono', '-i', at('tones.wav')];
    await makeMedia(...inputs, '-map', '0:a', '-map', '1:a', '-c:a', 'flac', path);

    expect(onsetMs(speech(await run(path, { audioStream: 0 })))).toBe(-1);
    expect(Math.abs(onsetMs(speech(await run(path, { audioStream: 1 }))) - 2000)).toBeLessThan(50);
    await expect(run(path, { audioStream: 2 })).rejects.toMatchObject({ code: 'ERR_MEDIA_NO_AUDIO' });
  });
});

describe('damage', () => {
  const cases: readonly (readonly [string, readonly string[]])[] = [
    ['MP4 with its index in front', ['-c:a', 'aac', '-movflags', 'faststart', 'cut.mp4']],
    ['Matroska', ['-c:a', 'flac', 'cut.mkv']],
    ['WAV', ['cut.wav']],
    ['FLAC', ['cut.flac']],
  ];
  it.each(cases)('is found in a file of which two fifths are missing: %s', async (_, args) => {
    const path = at(args.at(-1) ?? '');
    await makeMedia('-f', 'lavfi', '-i', 'anoisesrc=d=20:r=44100', ...args.slice(0, -1), path);
    truncateSync(path, Math.floor(statSync(path).size * 0.6));

    await expect(run(path)).rejects.toMatchObject({ code: 'ERR_MEDIA_TRUNCATED' });
    const accepted = await run(path, { acceptDamaged: true });

    expect(accepted.warnings.map(({ code }) => code)).toEqual(['damaged-media']);
    expect(speech(accepted).length / 16_000).toBeGreaterThan(8);
    expect(speech(accepted).length / 16_000).toBeLessThan(16);
  });

  it('is not sound that ends before the picture', async () => {
    for (const name of ['short.mp4', 'short.mkv']) {
      await makeMedia(...PICTURE, '-t', '3', '-i', at('tones.wav'), '-c:v', 'mpeg4', '-c:a', 'aac', at(name));
      const result = await run(at(name));
      expect(result.warnings).toEqual([]);
      expect(speech(result).length / 16_000).toBeCloseTo(3, 0);
    }
  });

  it('is not a length that is only estimated', async () => {
    const twoLoudnesses = 'aevalsrc=if(lt(t\\,10)\\,0\\,random(0)-0.5):s=44100:d=20';
    await makeMedia('-f', 'lavfi', '-i', twoLoudnesses, '-c:a', 'aac', '-q:a', '2', at('varying.aac'));
    const result = await run(at('varying.aac'));
    expect(result.warnings).toEqual([]);
    expect(speech(result).length / 16_000).toBeCloseTo(20, 0);
  });

  it('is a stretch of rubbish in the middle of the stream', async () => {
    await makeMedia('-f', 'lavfi', '-i', 'anoisesrc=d=5:r=44100:seed=1', '-c:a', 'aac', at('rubbish.m4a'));
    const bytes = readFileSync(at('rubbish.m4a'));
    const middle = Math.floor(bytes.length / 2);
    bytes.fill(0x55, middle, middle + 2000);
    writeFileSync(at('rubbish.m4a'), bytes);

    await expect(run(at('rubbish.m4a'))).rejects.toMatchObject({ code: 'ERR_MEDIA_TRUNCATED' });
    const accepted = await run(at('rubbish.m4a'), { acceptDamaged: true });

    expect(accepted.warnings).toHaveLength(1);
    expect(timeline(accepted).damageCount).toBeGreaterThan(0);
  });
});
