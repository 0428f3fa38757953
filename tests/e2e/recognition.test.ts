import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AudioRef } from '../../shared/contract/media.ts';
import type { RecognizedChunk, SpeechRegion } from '../../shared/contract/utterance.ts';
import { createChunker } from '../../stages/asr/chunk-speech.ts';
import { engine as moonshine } from '../../stages/asr/engines/moonshine/engine.ts';
import { engine as pocketsphinx } from '../../stages/asr/engines/pocketsphinx/engine.ts';
import { soundOf } from '../../stages/asr/sound.ts';
import { asr } from '../../stages/asr/stage.ts';
import { engine as silero } from '../../stages/vad/engines/silero/engine.ts';
import { vad } from '../../stages/vad/stage.ts';
import { judge } from '../helpers/ffmpeg-media.ts';
import { type LoadedWorker, modelDir, startEngine } from '../helpers/real-worker.ts';
import { runStage } from '../helpers/run-stage.ts';
import { wordErrors } from '../helpers/word-errors.ts';

const dir = mkdtempSync(join(tmpdir(), 'babelreel-recognition-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
const reading = join(dir, 'reading.pcm');
const said = readFileSync(new URL('../fixtures/two-cities.txt', import.meta.url), 'utf8');
let pcm = new Int16Array();

beforeAll(async () => {
  const recording = join(modelDir('asr.moonshine.tiny-en'), '..', 'two_cities.wav');
  const { stdout } = await judge('ffmpeg', [
    '-v',
    'error',
    '-i',
    recording,
    '-f',
    's16le',
    '-ac',
    '1',
    '-ar',
    '16000',
    '-',
  ]);
  writeFileSync(reading, stdout);
  pcm = Int16Array.from({ length: stdout.length >> 1 }, (_, n) => stdout.readInt16LE(2 * n));
});

const answerWith = (engine: LoadedWorker, path: string) => async (_role: string, request: unknown) => {
  const { audio, ...rest } = request as { readonly audio: AudioRef };
  const [answer] = await engine.ask([{ ...rest, audio: { ...audio, path } }]);
  return answer?.value;
};

async function regionsIn(ears: LoadedWorker, path: string): Promise<readonly SpeechRegion[]> {
  const { streams } = await runStage(vad, { inputs: { speech: path }, answer: answerWith(ears, path) });
  return streams.regions as SpeechRegion[];
}

async function recognise(engine: typeof moonshine): Promise<readonly RecognizedChunk[]> {
  await using ears = await startEngine('vad', silero);
  const regions = await regionsIn(ears, reading);
  await using pen = await startEngine('asr', engine);
  const inputs = { speech: reading, regions };
  const { streams } = await runStage(asr, { params: { language: 'en' }, inputs, answer: answerWith(pen, reading) });
  return streams.chunks as RecognizedChunk[];
}
const textOf = (chunks: readonly RecognizedChunk[]): string => chunks.map(({ text }) => text).join(' ');

describe('a reading of 44 s', () => {
  test('moonshine gets at most 5 % of the words wrong, with case and full stops, and the same twice', async () => {
    const chunks = await recognise(moonshine);
    expect(wordErrors(said, textOf(chunks)).rate).toBeLessThanOrEqual(0.05);
    expect(textOf(chunks)).toMatch(/^It was the best of times[.,] /);
    expect(textOf(chunks)).toMatch(/comparison only\.$/);
    expect(await recognise(moonshine)).toEqual(chunks);
  });

  test('pocketsphinx hears most words and tells their times', async () => {
    const chunks = await recognise(pocketsphinx);
    expect(wordErrors(said, textOf(chunks)).rate).toBeLessThanOrEqual(0.35);
    for (const { startMs, endMs, text, words = [] } of chunks) {
      expect(words.map((word) => word.text).join(' ')).toBe(text);
      let before = startMs;
      for (const word of words) {
        expect(word.startMs).toBeGreaterThanOrEqual(before);
        expect(word.endMs).toBeGreaterThan(word.startMs);
        before = word.startMs;
      }
      expect(before).toBeLessThan(endMs);
    }
  });
});

/** The reading over and over, each time a little softer, so that no chunk equals another. */
function laps(count: number): Int16Array {
  const all = new Int16Array(pcm.length * count);
  for (let lap = 0; lap < count; lap++)
    for (let n = 0; n < pcm.length; n++) all[lap * pcm.length + n] = Math.round((pcm[n] ?? 0) * (1 - 0.04 * lap));
  return all;
}

async function chunkDigests(ears: LoadedWorker, samples: Int16Array): Promise<readonly string[]> {
  const path = join(dir, 'film.pcm');
  writeFileSync(path, samples);
  const chunker = createChunker(soundOf(samples), asr.params.parse({ language: 'en' }));
  const chunks = (await regionsIn(ears, path)).flatMap((region) => [...chunker.push(region)]);
  return [...chunks, ...chunker.finish()].map(({ start, end }) =>
    createHash('sha256').update(samples.subarray(start, end)).digest('hex'),
  );
}

test('chunks keep their content when the beginning of the film is cut away, wherever the cut is', async () => {
  await using ears = await startEngine('vad', silero);
  const film = laps(10);
  const before = new Set(await chunkDigests(ears, film));
  expect(before.size).toBe(40);
  // Between 0.06 and 0.8 s, in the silence before the first word; none is a whole number of the detector's frames.
  for (const cut of [1000, 5003, 13_001]) {
    const after = await chunkDigests(ears, film.subarray(cut));
    expect(after.filter((digest) => before.has(digest)).length).toBeGreaterThanOrEqual(36);
  }
});
