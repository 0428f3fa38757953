import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { VoiceClip } from '../../shared/contract/utterance.ts';
import { mix } from '../../stages/mix/stage.ts';
import { mux } from '../../stages/mux/stage.ts';
import { decodeStereo, ffmpegMedia, judge } from '../helpers/ffmpeg-media.ts';
import { storeClip } from '../helpers/mix-material.ts';
import { runStage, type StageResult } from '../helpers/run-stage.ts';

const dir = mkdtempSync(join(tmpdir(), 'mux-'));
afterAll(() => rmSync(dir, { recursive: true }));

const SRT = `1
00:00:00,500 --> 00:00:01,250
Olá, mundo: é cedo
segunda linha

2
00:00:03,100 --> 00:00:04,900
<i>Fim</i>
`;
const BEEP_MS = 2000;
const subtitles = join(dir, 'pt.srt');
let dub = '';

const film = async (name: string, args: readonly string[]): Promise<string> => {
  const path = join(dir, name);
  await judge('ffmpeg', ['-y', '-v', 'error', ...args, '-t', '5', path]);
  return path;
};
const PICTURE = ['-f', 'lavfi', '-i', 'testsrc2=s=320x180:r=25:d=5'];
const TONE = ['-f', 'lavfi', '-i', 'sine=440:r=44100:d=5'];
const H264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-bf', '2'];

const runMux = (media: string, params = {}, srt: readonly string[] = [subtitles]): Promise<StageResult> =>
  runStage(mux, {
    params: { sourceLanguage: 'en', ...params },
    inputs: {
      media,
      subtitles: srt.map((path) => ({ path, from: 'subtitle.pt-BR' })),
      dubs: [{ path: dub, from: 'mix.pt-BR' }],
    },
    media: ffmpegMedia(),
  });

interface Stream {
  readonly codec_type: string;
  readonly codec_name: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly disposition: Readonly<Record<string, number>>;
  readonly nb_read_packets: string;
}
async function streamsOf(path: string): Promise<readonly Stream[]> {
  const { stdout } = await judge('ffprobe', ['-v', 'error', '-count_packets', '-show_streams', '-of', 'json', path]);
  return JSON.parse(stdout.toString()).streams;
}
/** Digests of the packets of one stream, times left out. */
async function packetsOf(path: string, map: string): Promise<string> {
  const args = ['-v', 'error', '-i', path, '-map', map, '-c', 'copy', '-f', 'hash', '-'];
  return (await judge('ffmpeg', args)).stdout.toString();
}
async function extractSrt(path: string, map = '0:s:0'): Promise<string> {
  return (await judge('ffmpeg', ['-v', 'error', '-i', path, '-map', map, '-f', 'srt', '-'])).stdout
    .toString()
    .replaceAll('\r', '');
}
/** Milliseconds from the first video frame, or from the container's start, to the onset of the dub's beep. */
async function beepAfterPicture(path: string, map: string, from: 'picture' | 'start'): Promise<number> {
  const entries = [
    '-v',
    'error',
    '-show_entries',
    'format=start_time:stream=codec_type,start_time',
    '-of',
    'json',
    path,
  ];
  const { streams, format } = JSON.parse((await judge('ffprobe', entries)).stdout.toString());
  const picture = streams.find(({ codec_type }: { codec_type: string }) => codec_type === 'video');
  const originMs =
    1000 * (Number(from === 'picture' ? picture.start_time : format.start_time) - Number(format.start_time));
  const options = ['-v', 'error', '-i', path, '-map', map, '-af', 'aresample=async=1:first_pts=0'];
  const { stdout } = await judge('ffmpeg', [...options, '-f', 's16le', '-ac', '1', '-ar', '48000', '-']);
  const samples = new Int16Array(stdout.buffer, stdout.byteOffset, stdout.length >> 1);
  return samples.findIndex((value) => Math.abs(value) > 3000) / 48 - originMs;
}

beforeAll(async () => {
  writeFileSync(subtitles, SRT);
  const programme = join(dir, 'silence.pcm');
  writeFileSync(programme, Buffer.alloc(5 * 48_000 * 4));
  const objects = new Map<string, string>();
  const pcm = Int16Array.from({ length: 22_050 }, (_, at) => 15_000 * Math.cos(at / 3));
  const clips: VoiceClip[] = [storeClip(dir, objects, { id: 'a', startMs: BEEP_MS, pcm })];
  const mixed = await runStage(mix, { inputs: { programme, clips }, objects, media: ffmpegMedia() });
  dub = mixed.files.audio ?? '';
});

describe('a film with picture and sound', () => {
  let path = '';
  let made: StageResult;
  beforeAll(async () => {
    path = await film('film.mp4', [...PICTURE, ...TONE, ...H264, '-c:a', 'aac']);
    made = await runMux(path);
  });

  it('keeps every packet of its picture and of its original sound, unchanged', async () => {
    const before = await streamsOf(path);
    for (const container of ['mkv', 'mp4'] as const) {
      const [picture] = await streamsOf(made.files[container] ?? '');
      expect(picture?.nb_read_packets).toBe(before[0]?.nb_read_packets);
      expect(picture?.codec_name).toBe('h264');
    }
    expect(await packetsOf(made.files.mp4 ?? '', '0:v')).toBe(await packetsOf(path, '0:v'));
    expect(await packetsOf(made.files.mp4 ?? '', '0:a:0')).toBe(await packetsOf(path, '0:a:0'));
  });

  it('has its original as default, then the dub and the subtitles, all with their languages', async () => {
    const describeStream = ({ codec_type, disposition, tags }: Stream) => [
      codec_type,
      disposition.default,
      tags?.language,
    ];
    expect((await streamsOf(made.files.mkv ?? '')).slice(1).map(describeStream)).toEqual([
      ['audio', 1, 'eng'],
      ['audio', 0, 'por'],
      ['subtitle', 0, 'por'],
    ]);
    const mp4 = await streamsOf(made.files.mp4 ?? '');
    expect(mp4.map(({ codec_name }) => codec_name)).toEqual(['h264', 'aac', 'aac', 'mov_text']);
    expect(mp4.slice(1).map(({ tags }) => tags?.language)).toEqual(['eng', 'por', 'por']);
    expect(mp4[2]?.tags?.handler_name).toBe('Portuguese (Brazil) - dub');
  });

  it('gives its subtitles back as they went in', async () => {
    expect((await extractSrt(made.files.mkv ?? '')).trim()).toBe(SRT.trim());
    expect((await extractSrt(made.files.mp4 ?? '')).trim()).toBe(SRT.trim());
  });

  it('has the dub in time with the picture', async () => {
    for (const container of ['mkv', 'mp4'] as const)
      expect(
        Math.abs((await beepAfterPicture(made.files[container] ?? '', '0:a:1', 'picture')) - BEEP_MS),
      ).toBeLessThanOrEqual(5);
  });

  it('decodes to its end without a complaint', async () => {
    for (const container of ['mkv', 'mp4'] as const) {
      const { stderr } = await judge('ffmpeg', [
        '-v',
        'error',
        '-i',
        made.files[container] ?? '',
        '-map',
        '0:v',
        '-map',
        '0:a',
        '-f',
        'null',
        '-',
      ]);
      expect(stderr).toBe('');
      expect((await decodeStereo(made.files[container] ?? '', '0:a:1')).length / 96).toBeGreaterThanOrEqual(4990);
    }
  });

  it('can be played before it is loaded whole', () => {
    const bytes = readFileSync(made.files.mp4 ?? '').toString('latin1');
    expect(bytes.indexOf('moov')).toBeLessThan(bytes.indexOf('mdat'));
  });

  it('comes out in the same bytes again', async () => {
    const again = await runMux(path);
    for (const container of ['mkv', 'mp4'] as const)
      expect(readFileSync(again.files[container] ?? '').equals(readFileSync(made.files[container] ?? ''))).toBe(true);
  });

  it('is made all the same when there is nothing to say: subtitles without a cue are left out', async () => {
    const empty = join(dir, 'empty.srt');
    writeFileSync(empty, '');
    const silent = await runMux(path, {}, [empty]);
    expect((await streamsOf(silent.files.mkv ?? '')).map(({ codec_type }) => codec_type)).toEqual([
      'video',
      'audio',
      'audio',
    ]);
  });

  it('shows burned-in subtitles in the picture while a cue lasts, and only then', async () => {
    const burned = await runMux(path, { burnIn: 'pt-BR' });
    const frameAt = async (file: string, seconds: number): Promise<Buffer> => {
      const args = [
        '-v',
        'error',
        '-ss',
        String(seconds),
        '-i',
        file,
        '-frames:v',
        '1',
        '-vf',
        'crop=320:60:0:120,format=gray',
      ];
      return (await judge('ffmpeg', [...args, '-f', 'rawvideo', '-'])).stdout;
    };
    const changedPixels = async (seconds: number): Promise<number> => {
      const [with_, without] = [await frameAt(burned.files.mp4 ?? '', seconds), await frameAt(path, seconds)];
      return with_.filter((value, at) => Math.abs(value - (without[at] ?? 0)) > 60).length;
    };
    expect(await changedPixels(0.9)).toBeGreaterThan(300);
    expect(await changedPixels(2)).toBeLessThan(30);
    expect((await streamsOf(burned.files.mkv ?? ''))[0]?.nb_read_packets).toBe('125');
  });
});

describe('times', () => {
  it('count from the start of a container that does not start at 0', async () => {
    const path = await film('late.ts', [...PICTURE, ...TONE, ...H264, '-c:a', 'aac', '-output_ts_offset', '7']);
    const made = await runMux(path);
    for (const container of ['mkv', 'mp4'] as const) {
      const file = made.files[container] ?? '';
      expect(Math.abs((await beepAfterPicture(file, '0:a:1', 'start')) - BEEP_MS)).toBeLessThanOrEqual(5);
      expect(Math.abs((await beepAfterPicture(file, '0:a:1', 'picture')) - BEEP_MS)).toBeLessThanOrEqual(50);
      expect((await extractSrt(file)).trim()).toBe(SRT.trim());
    }
  });

  it('stay in step with the picture when the original sound starts late', async () => {
    const late = [...PICTURE, '-itsoffset', '0.7', ...TONE, ...H264, '-c:a', 'aac'];
    const made = await runMux(await film('late-sound.mkv', late));
    for (const container of ['mkv', 'mp4'] as const) {
      const file = made.files[container] ?? '';
      expect(Math.abs((await beepAfterPicture(file, '0:a:1', 'picture')) - BEEP_MS)).toBeLessThanOrEqual(5);
      expect(Math.abs((await beepAfterPicture(file, '0:a:0', 'picture')) - 700)).toBeLessThanOrEqual(50);
      expect((await extractSrt(file)).trim()).toBe(SRT.trim());
    }
  });
});

describe('other films', () => {
  it('with a picture that MP4 players do not expect become MKV only, and it is said', async () => {
    const path = await film('old.webm', [
      ...PICTURE,
      ...TONE,
      '-c:v',
      'libvpx',
      '-deadline',
      'realtime',
      '-c:a',
      'libvorbis',
    ]);
    const made = await runMux(path);
    expect(made.warnings.map(({ code }) => code)).toEqual(['no-mp4']);
    expect(made.figures.containers).toBe(1);
    expect((await streamsOf(made.files.mkv ?? '')).map(({ codec_name }) => codec_name)).toEqual([
      'vp8',
      'vorbis',
      'aac',
      'subrip',
    ]);
  });

  it('with sound that does not belong into MP4 get it encoded there and copied in MKV', async () => {
    const path = await film('pcm.mkv', [...PICTURE, ...TONE, ...H264, '-c:a', 'pcm_s16le']);
    const made = await runMux(path);
    expect(made.warnings.map(({ code }) => code)).toEqual(['audio-encoded-for-mp4']);
    expect((await streamsOf(made.files.mkv ?? ''))[1]?.codec_name).toBe('pcm_s16le');
    expect((await streamsOf(made.files.mp4 ?? ''))[1]?.codec_name).toBe('aac');
  });

  it('in AVI, whose packets have no presentation times, keep every picture', async () => {
    const path = await film('old.avi', [...PICTURE, ...TONE, '-c:v', 'mpeg4', '-c:a', 'libmp3lame']);
    const made = await runMux(path);
    for (const container of ['mkv', 'mp4'] as const)
      expect((await streamsOf(made.files[container] ?? ''))[0]?.nb_read_packets).toBe('125');
  });

  it('of sound alone, with a picture of its cover, are films too', async () => {
    const args = [
      ...TONE,
      '-f',
      'lavfi',
      '-i',
      'testsrc2=s=64x64:d=1',
      '-map',
      '0',
      '-map',
      '1',
      '-frames:v',
      '1',
      '-c:v',
      'mjpeg',
    ];
    const path = await film('song.mp3', [...args, '-c:a', 'libmp3lame', '-disposition:v', 'attached_pic']);
    const made = await runMux(path);
    for (const container of ['mkv', 'mp4'] as const)
      expect((await streamsOf(made.files[container] ?? '')).map(({ codec_type }) => codec_type)).toEqual([
        'audio',
        'audio',
        'subtitle',
      ]);
  });

  it('with several sounds and subtitles of their own keep them in MKV; the chosen sound alone goes into MP4', async () => {
    const srt = join(dir, 'own.srt');
    writeFileSync(srt, '1\n00:00:01,000 --> 00:00:02,000\nEigenes\n');
    const inputs = [...PICTURE, ...TONE, '-f', 'lavfi', '-i', 'sine=880:d=5', '-i', srt];
    const maps = ['-map', '0', '-map', '1', '-map', '2', '-map', '3', ...H264, '-c:a', 'aac', '-c:s', 'srt'];
    const tags = [
      '-metadata:s:a:0',
      'language=deu',
      '-metadata:s:a:1',
      'language=eng',
      '-metadata:s:s:0',
      'language=deu',
    ];
    const made = await runMux(await film('many.mkv', [...inputs, ...maps, ...tags]), { audioStream: 1 });
    const kinds = async (path: string) =>
      (await streamsOf(path)).slice(1).map(({ tags: own, disposition }) => [own?.language, disposition.default]);
    expect(await kinds(made.files.mkv ?? '')).toEqual([
      ['deu', 0],
      ['eng', 1],
      ['por', 0],
      ['deu', expect.any(Number)],
      ['por', 0],
    ]);
    expect((await kinds(made.files.mp4 ?? '')).map(([language]) => language)).toEqual(['eng', 'por', 'por']);
    expect(await extractSrt(made.files.mkv ?? '', '0:s:0')).toContain('Eigenes');
  });
});
