import { describe, expect, test } from 'vitest';
import type { Digest } from '../../shared/contract/ids.ts';
import type { AlignedChunk, RecognizedChunk } from '../../shared/contract/utterance.ts';
import { runStage } from '../../tests/helpers/run-stage.ts';
import { align } from './stage.ts';

const chunk: RecognizedChunk = {
  startMs: 10_000,
  endMs: 12_000,
  audio: { $audio: `sha256:${'0'.repeat(64)}` as Digest, offsetBytes: 0, lengthBytes: 64_000, format: 's16le/16000/1' },
  regions: [{ startMs: 10_200, endMs: 11_800 }],
  text: 'it was the best',
};
/** Four words that fill the region. */
const right = [300, 650, 1000, 1350].map((startMs) => ({ startMs, endMs: startMs + 320, score: 0.7 }));
const ownWords = ['it', 'was', 'the', 'best'].map((text, index) => ({
  text,
  startMs: 10_250 + index * 350,
  endMs: 10_550 + index * 350,
  estimated: false,
}));

const run = (chunks: readonly RecognizedChunk[], words: unknown) =>
  runStage(align, { params: { language: 'en' }, inputs: { chunks }, answer: () => ({ words, unknown: [] }) });
const first = (streams: Readonly<Record<string, unknown[]>>): AlignedChunk => streams.chunks?.[0] as AlignedChunk;

describe('align', () => {
  test('takes the times of a plausible answer', async () => {
    const { streams, figures, warnings, calls } = await run([chunk], right);
    expect(first(streams)).toMatchObject({ startMs: 10_000, endMs: 12_000, estimated: false });
    expect(first(streams).words.map((word) => [word.text, word.startMs, word.endMs, word.estimated])).toEqual([
      ['it', 10_300, 10_620, false],
      ['was', 10_650, 10_970, false],
      ['the', 11_000, 11_320, false],
      ['best', 11_350, 11_670, false],
    ]);
    expect(figures).toEqual({ words: 4, estimatedWords: 0, estimatedChunks: 0 });
    expect(warnings).toEqual([]);
    expect(calls).toMatchObject([{ role: 'align', request: { language: 'en', words: ['it', 'was', 'the', 'best'] } }]);
  });

  test('spreads the words over the speech when the answer is not plausible, says why and warns once', async () => {
    const late = right.map((time) => ({ ...time, startMs: time.startMs + 250, endMs: time.endMs + 250 }));
    const { streams, figures, warnings } = await run([chunk, chunk], late);
    expect(first(streams)).toMatchObject({ estimated: true, reason: '350 ms of speech have no word' });
    expect(first(streams).words[0]).toEqual({ text: 'it', startMs: 10_200, endMs: 10_500, estimated: true });
    expect(first(streams).words.at(-1)?.endMs).toBe(11_800);
    expect(figures).toEqual({ words: 8, estimatedWords: 8, estimatedChunks: 2 });
    expect(warnings).toMatchObject([{ code: 'word-times-estimated', data: { words: 8, estimatedWords: 8 } }]);
  });

  test('keeps the times of the recogniser when the aligner has no good answer', async () => {
    const { streams, figures } = await run([{ ...chunk, words: ownWords }], [null, null, null, null]);
    expect(first(streams)).toMatchObject({ estimated: false, words: ownWords });
    expect(figures.estimatedChunks).toBe(0);
  });

  test('does not use times of the recogniser that belong to another text or run backwards', async () => {
    for (const words of [ownWords.slice(1), ownWords.toReversed()])
      expect(first((await run([{ ...chunk, words }], [null, null, null, null])).streams).estimated).toBe(true);
  });

  test('spreads the words when no engine does the language', async () => {
    const without = { ...align, role: undefined } as unknown as typeof align;
    const { streams, calls } = await runStage(without, { params: { language: 'fi' }, inputs: { chunks: [chunk] } });
    expect(first(streams)).toMatchObject({ estimated: true, reason: 'no aligner for this language' });
    expect(calls).toEqual([]);
  });

  test('asks nothing about a chunk without text', async () => {
    const { streams, calls, figures, warnings } = await run([{ ...chunk, text: ' ' }], []);
    expect(first(streams)).toEqual({ startMs: 10_000, endMs: 12_000, estimated: false, words: [] });
    expect({ calls, words: figures.words, warnings }).toEqual({ calls: [], words: 0, warnings: [] });
  });
});
