import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { RecognizedChunk } from '../../shared/contract/utterance.ts';
import { rattle } from '../../tests/helpers/rattle.ts';
import { runStage } from '../../tests/helpers/run-stage.ts';
import { asr } from './stage.ts';

const dir = mkdtempSync(join(tmpdir(), 'asr-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const speech = join(dir, 'speech.pcm');
// A second of hiss around and between two seconds of speech, three times.
const ms = (length: number) => length * 16;
writeFileSync(
  speech,
  rattle(
    ...[0, 1, 2].flatMap(
      () =>
        [
          [ms(1000), 40],
          [ms(2000), 7000],
        ] as const,
    ),
    [ms(1000), 40],
  ),
);
const regions = [0, 1, 2].map((n) => ({ startMs: 850 + 3000 * n, endMs: 3150 + 3000 * n }));

/** Answers with the words in turn. */
function recogniser(...replies: readonly object[]) {
  let next = 0;
  return () => replies[next++ % replies.length];
}
const run = (answer: () => unknown, params = {}) =>
  runStage(asr, { params: { language: 'en', ...params }, inputs: { speech, regions }, answer });

test('every chunk is one request for its samples, and its text is written in order of time', async () => {
  const { streams, calls, figures } = await run(
    recogniser({ text: ' One.' }, { text: 'Two  words.' }, { text: 'Three.' }),
  );
  const chunks = streams.chunks as RecognizedChunk[];
  expect(chunks.map(({ text }) => text)).toEqual(['One.', 'Two words.', 'Three.']);
  expect(calls.map(({ request }) => request)).toEqual(chunks.map(({ audio }) => ({ audio, language: 'en' })));
  for (const { startMs, endMs, audio } of chunks) {
    expect(audio.offsetBytes / 32).toBeCloseTo(startMs, -0.5);
    expect(audio.lengthBytes / 32).toBeCloseTo(endMs - startMs, -0.5);
  }
  // The padding of a region ends with its chunk; its speech does not.
  for (const [index, { startMs, endMs, regions: told }] of chunks.entries()) {
    expect(told).toHaveLength(1);
    expect(told[0]?.startMs).toBe(Math.max(startMs, 850 + 3000 * index));
    expect(told[0]?.endMs).toBe(Math.min(endMs, 3150 + 3000 * index));
  }
  const speechMs = chunks
    .flatMap((chunk) => chunk.regions)
    .reduce((sum, region) => sum + region.endMs - region.startMs, 0);
  expect(speechMs).toBeGreaterThanOrEqual(6000);
  expect(figures).toEqual({ chunks: 3, chunksWithoutText: 0, words: 4, speechMsWithText: speechMs });
});

test('a chunk without text is counted, not written', async () => {
  const { streams, figures, warnings } = await run(recogniser({ text: 'One.' }, { text: 'You.' }, { text: '' }));
  expect(streams.chunks).toHaveLength(1);
  expect(figures).toMatchObject({ chunks: 1, chunksWithoutText: 2 });
  expect(warnings).toEqual([]);
});

test('speech of which no word is recognised is a warning', async () => {
  const { warnings } = await run(recogniser({ text: '' }));
  expect(warnings).toMatchObject([{ code: 'no-text', data: { chunks: 3 } }]);
});

test('times of words become times of the film', async () => {
  const words = [{ text: 'one', startMs: 400, endMs: 900 }];
  const { streams } = await run(recogniser({ text: 'one', words }));
  for (const chunk of streams.chunks as RecognizedChunk[])
    expect(chunk.words).toEqual([
      { text: 'one', startMs: chunk.startMs + 400, endMs: chunk.startMs + 900, estimated: false },
    ]);
});

test('chunks that are too short to hold a word are not sent', async () => {
  const { calls, figures } = await run(recogniser({ text: 'One.' }), { minChunkMs: 60_000 });
  expect(calls).toEqual([]);
  expect(figures).toMatchObject({ chunks: 0, chunksWithoutText: 0 });
});

test('a clip is not left', async () => {
  const { streams } = await run(recogniser({ text: 'One.' }), { clipStartMs: 850, clipEndMs: 9150 });
  const chunks = streams.chunks as RecognizedChunk[];
  expect(chunks.at(0)?.startMs).toBeGreaterThanOrEqual(850);
  expect(chunks.at(-1)?.endMs).toBeLessThanOrEqual(9150);
});
