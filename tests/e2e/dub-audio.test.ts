import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { VoiceClip } from '../../shared/contract/utterance.ts';
import { loudnessOf } from '../../shared/media/loudness.ts';
import { splitStereo } from '../../stages/mix/pcm-slice.ts';
import { BLOCK_AAC_FRAMES } from '../../stages/mix/plan-blocks.ts';
import { mix } from '../../stages/mix/stage.ts';
import { synthesize } from '../../stages/synthesize/stage.ts';
import { decodeStereo, ffmpegMedia, heardLoudness, judge } from '../helpers/ffmpeg-media.ts';
import { makeMixMaterial, speakTones, storeClip, writeProgramme } from '../helpers/mix-material.ts';
import { runStage, type StageResult } from '../helpers/run-stage.ts';

const RAW = ['-f', 's16le', '-ar', '48000', '-ac', '2'];
const dir = mkdtempSync(join(tmpdir(), 'dub-audio-'));
afterAll(() => rmSync(dir, { recursive: true }));

const readLoudness = (result: StageResult) =>
  JSON.parse(readFileSync(result.files.loudness ?? '', 'utf8')) as Record<string, number>;
const runMix = (programme: string, clips: readonly VoiceClip[], objects: Map<string, string>, params = {}) =>
  runStage(mix, { params, inputs: { programme, clips }, objects, media: ffmpegMedia() });

/** Root mean square of `a - b` from frame `from`, left channel, in decibels below full scale. */
function errorDb(a: Int16Array, b: Int16Array, from: number, frames: number): number {
  let sum = 0;
  for (let frame = from; frame < from + frames; frame += 1) sum += ((a[2 * frame] ?? 0) - (b[2 * frame] ?? 0)) ** 2;
  return 10 * Math.log10(sum / frames / 32_768 ** 2 + 1e-12);
}

describe('loudness', () => {
  it('is within 0.2 LU of what ffmpeg hears', async () => {
    const path = join(dir, 'noise.pcm');
    writeProgramme(path, 12, 0.5);
    const samples = new Int16Array(new Uint8Array(readFileSync(path)).buffer);
    const ours = loudnessOf(splitStereo(samples, samples.length >> 1, 0), 48_000);
    expect(Math.abs((ours ?? 0) - (await heardLoudness(path, RAW)).lufs)).toBeLessThanOrEqual(0.2);
  });
});

describe('a mix', () => {
  let made: StageResult;
  beforeAll(async () => {
    const material = makeMixMaterial(dir, 75, 9);
    made = await runMix(material.programme, material.clips, material.objects);
  });

  it('is -16 LUFS within 1 LU and at most -1 dBTP after decoding', async () => {
    const heard = await heardLoudness(made.files.audio ?? '');
    expect(Math.abs(heard.lufs + 16)).toBeLessThanOrEqual(1);
    expect(heard.dbtp).toBeLessThanOrEqual(-1);
    expect(Math.abs(heard.lufs - (readLoudness(made).integratedLufs ?? 0))).toBeLessThanOrEqual(0.5);
  });

  it('is AAC-LC, 48 kHz, stereo, and as long as the film', async () => {
    const entries = 'stream=codec_name,profile,sample_rate,channels:format=start_time,duration';
    const { stdout } = await judge('ffprobe', [
      '-v',
      'error',
      '-show_entries',
      entries,
      '-of',
      'json',
      made.files.audio ?? '',
    ]);
    const { streams, format } = JSON.parse(stdout.toString());
    expect(streams).toEqual([{ codec_name: 'aac', profile: 'LC', sample_rate: '48000', channels: 2 }]);
    expect(Number(format.start_time)).toBe(0);
    expect(Number(format.duration)).toBeCloseTo(75, 3);
  });

  it('keeps the original at least 15 dB below the voice under speech', () => {
    const { originalUnderSpeechLufs = 0, voiceLufs = 0 } = readLoudness(made);
    expect(voiceLufs - originalUnderSpeechLufs).toBeGreaterThanOrEqual(15);
  });
});

describe('a mix of blocks', () => {
  it('puts a sound where it belongs within a millisecond, in the first block and behind a seam', async () => {
    const programme = join(dir, 'silence.pcm');
    writeFileSync(programme, Buffer.alloc(64 * 48_000 * 4));
    const objects = new Map<string, string>();
    const starts = [250, 30_001, 59_980, 62_345];
    const clips = starts.map((startMs, index) => {
      const pcm = new Int16Array(2205);
      pcm.fill(20_000, 0, 30);
      return storeClip(dir, objects, { id: String(index), startMs, pcm });
    });
    const made = await runMix(programme, clips, objects);
    const heard = await decodeStereo(made.files.audio ?? '');
    for (const startMs of starts) {
      const around = Array.from({ length: 4800 }, (_, at) => Math.abs(heard[2 * (startMs * 48 - 2400 + at)] ?? 0));
      const peak = Math.max(...around);
      const onset = around.findIndex((value) => value > peak / 2) - 2400;
      expect(Math.abs(onset / 48)).toBeLessThanOrEqual(1);
    }
  });

  it('has no seam: the error at the joints is no larger than that of one whole encode', async () => {
    const programme = join(dir, 'seams.pcm');
    writeProgramme(programme, 130, 0.3);
    const made = await runMix(programme, [], new Map());
    const gain = 10 ** ((readLoudness(made).programmeGainDb ?? 0) / 20);
    const original = new Int16Array(new Uint8Array(readFileSync(programme)).buffer).map((value) =>
      Math.round(value * gain),
    );
    const reference = join(dir, 'reference.pcm');
    writeFileSync(reference, original);
    const whole = join(dir, 'whole.m4a');
    await judge('ffmpeg', [
      '-y',
      '-v',
      'error',
      ...RAW,
      '-i',
      reference,
      '-c:a',
      'aac',
      '-aac_coder',
      'fast',
      '-b:a',
      '160k',
      whole,
    ]);
    const [ours, theirs] = [await decodeStereo(made.files.audio ?? ''), await decodeStereo(whole)];
    const window = 2048;
    const elsewhere = Array.from({ length: 100 }, (_, at) => errorDb(ours, original, 48_000 * (at + 10), window));
    for (const seam of [1, 2].map((block) => block * BLOCK_AAC_FRAMES * 1024)) {
      for (const at of [seam - 2048, seam - 1024, seam, seam + 1024]) {
        const here = errorDb(ours, original, at, window);
        expect(here).toBeLessThanOrEqual(Math.max(...elsewhere));
        expect(here - errorDb(theirs, original, at, window)).toBeLessThanOrEqual(1);
      }
    }
  });
});

describe('espeak-ng', () => {
  const answer = async (objects: Map<string, string>, request: unknown) => {
    const out = mkdtempSync(join(dir, 'speak-'));
    writeFileSync(join(out, 'request.json'), JSON.stringify({ models: [], params: {}, requests: [request], dir: out }));
    const worker = join(import.meta.dirname, '../../stages/synthesize/engines/espeak-ng/worker.ts');
    const { stdout } = await promisify(execFile)(process.execPath, [worker, '--once', join(out, 'request.json')]);
    const { value, files } = JSON.parse(stdout);
    const bytes = readFileSync(join(out, files.audio));
    const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
    objects.set(digest, join(out, files.audio));
    return { ...value, audio: { $object: digest, bytes: bytes.length } };
  };
  const line = (id: string, startMs: number, endMs: number, text: string) => ({
    ...{ id, startMs, endMs, language: 'pt-BR', text, words: [], estimated: false },
  });

  it('speaks Portuguese lines into a film: those that need it are hurried, and the sum is as loud as it should be', async () => {
    mkdirSync(join(dir, 'film'));
    const objects = new Map<string, string>();
    const lines = [
      line('a', 1000, 4000, 'Foi o melhor dos tempos, foi o pior dos tempos.'),
      line('b', 6000, 8700, 'Foi a estação da luz, foi a estação das trevas.'),
      line('c', 8700, 9700, 'Foi a primavera da esperança e o inverno do desespero.'),
      line('d', 9900, 14_000, 'Tudo bem.'),
    ];
    const spoken = await runStage(synthesize, {
      params: { language: 'pt-BR', filmMs: 20_000 },
      inputs: { utterances: lines },
      answer: (_role, request) => answer(objects, request),
      objects,
      media: ffmpegMedia(),
    });
    const clips = spoken.streams.clips as VoiceClip[];
    const lengthMs = ({ samples, sampleRateHz }: VoiceClip): number => (samples * 1000) / sampleRateHz;
    expect(clips).toHaveLength(4);
    for (const clip of clips) {
      expect(clip.rate).toBeGreaterThanOrEqual(1);
      expect(clip.rate * clip.stretch).toBeLessThanOrEqual(1.4);
      expect(clip.fits).toBe(lengthMs(clip) <= clip.slotMs);
    }
    expect(clips.map(({ fits }) => fits)).toEqual([true, true, false, true]);
    expect(clips[1]?.rate).toBeGreaterThan(1);
    expect((clips[2]?.rate ?? 0) * (clips[2]?.stretch ?? 0)).toBeGreaterThan(1.35);
    expect(clips[2]?.startMs).toBe(8700);
    expect(spoken.warnings.map(({ code, data }) => [code, data?.id])).toEqual([['line-does-not-fit', 'c']]);

    const programme = join(dir, 'film', 'programme.pcm');
    writeProgramme(programme, 20, 0.05);
    const made = await runMix(programme, clips, objects);
    const heard = await heardLoudness(made.files.audio ?? '');
    expect(Math.abs(heard.lufs + 16)).toBeLessThanOrEqual(1);
    expect(heard.dbtp).toBeLessThanOrEqual(-1);
  });

  it('says the same text in the same bytes', async () => {
    const objects = new Map<string, string>();
    const request = { text: 'Olá, mundo!', language: 'pt-BR', rate: 1.1 };
    expect(await answer(objects, request)).toEqual(await answer(objects, request));
  });
});

describe('a loud film', () => {
  it('is limited, not clipped', async () => {
    const programme = join(dir, 'loud.pcm');
    writeProgramme(programme, 10, 0.9);
    const objects = new Map<string, string>();
    const pcm = speakTones(3000, 300, 0.9).map((value, at) => (at % 2000 < 200 ? value : Math.round(value / 20)));
    const made = await runMix(programme, [storeClip(dir, objects, { id: 'a', startMs: 2000, pcm })], objects);
    expect(readLoudness(made).limitedMs).toBeGreaterThan(100);
    expect((await heardLoudness(made.files.audio ?? '')).dbtp).toBeLessThanOrEqual(-1);
  });
});
