import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { AlignedChunk, Utterance, Word } from '../../shared/contract/utterance.ts';
import { runStage } from '../../tests/helpers/run-stage.ts';
import { segment } from './stage.ts';

/** Words of 200 ms with 50 ms between them; `[900]` in the text is a silence of that many milliseconds. */
function chunk(text: string, startMs = 0): AlignedChunk {
  let at = startMs;
  const words: Word[] = [];
  for (const piece of text.split(' ')) {
    const silence = /^\[(\d+)\]$/.exec(piece)?.[1];
    if (silence !== undefined) at += Number(silence);
    else {
      words.push({ text: piece, startMs: at, endMs: at + 200, estimated: false });
      at += 250;
    }
  }
  return { startMs, endMs: at, estimated: false, words };
}

async function utterances(
  chunks: readonly AlignedChunk[],
  params: Readonly<Record<string, unknown>> = {},
): Promise<readonly Utterance[]> {
  const result = await runStage(segment, { params: { language: 'en', ...params }, inputs: { chunks } });
  const lines = result.streams.utterances as Utterance[];
  expect(result.figures.utterances ?? 0).toBe(lines.length);
  return lines;
}

const texts = async (...given: Parameters<typeof utterances>): Promise<readonly string[]> =>
  (await utterances(given[0], given[1])).map((line) => line.text);

/** The first sentence of A Tale of Two Cities as one recogniser printed it: one sentence, spliced by commas. */
const SPLICED =
  'It was the best of times, it was the worst of times, it was the age of wisdom, it was the age of foolishness, it was the epoch of belief, it was the epoch of incredulity, it was the season of Light, it was the season of Darkness, it was the spring of hope, it was the winter of despair, we had everything before us, we had nothing before us, we were all going direct to Heaven, we were all going direct the other way.';

describe('segment', () => {
  test('makes a line of every sentence', async () => {
    expect(await texts([chunk('It was the best of times. It was the worst of times. Mr. Brown left!')])).toEqual([
      'It was the best of times.',
      'It was the worst of times.',
      'Mr. Brown left!',
    ]);
  });

  test('lets a sentence go on over the border of two chunks', async () => {
    const first = chunk('We were all going');
    expect(await texts([first, chunk('direct to heaven.', first.endMs)])).toEqual([
      'We were all going direct to heaven.',
    ]);
  });

  test('ends a line at a long silence, whatever the text says', async () => {
    expect(await texts([chunk('And so my fellow [900] ask not')])).toEqual(['And so my fellow', 'ask not']);
    expect(await texts([chunk('And so my fellow [700] ask not')])).toEqual(['And so my fellow ask not']);
  });

  test('cuts one giant sentence spliced by commas into lines that end at commas', async () => {
    const lines = await texts([chunk(SPLICED)]);
    expect(lines.join(' ')).toBe(SPLICED);
    expect(lines.length).toBeGreaterThan(1);
    for (const line of lines) {
      expect(line).toMatch(/[,.]$/);
      expect(line.length).toBeLessThanOrEqual(240);
      expect(line.length).toBeGreaterThan(60);
    }
  });

  test('cuts a text without any mark near its pauses and conjunctions', async () => {
    const lines = await texts(
      [chunk('we went down to the river because the sun was out and then we came home again')],
      {
        maxCharacters: 50,
      },
    );
    expect(lines).toEqual(['we went down to the river because the sun was out', 'and then we came home again']);
  });

  test('marks a line as estimated when one of its words is', async () => {
    const given = chunk('Yes. No.');
    const words = given.words.map((word, index) => ({ ...word, estimated: index === 1 }));
    expect((await utterances([{ ...given, words }])).map((line) => line.estimated)).toEqual([false, true]);
  });

  test('gives the same sentence the same id wherever it stands, and equal ones different ids', async () => {
    const [alone] = await utterances([chunk('Try again.')]);
    const later = await utterances([chunk('No matter. Try again! Fail better. Try again. Fail better. Try again.')]);
    expect(later.map((line) => line.id)).toContain(alone?.id);
    expect(new Set(later.map((line) => line.id)).size).toBe(6);
    for (const line of later) expect(line.id).toMatch(/^[0-9a-f]{16}$/);
  });

  test('says nothing about a film without speech', async () => {
    expect(await texts([])).toEqual([]);
    expect(await texts([{ startMs: 0, endMs: 10, estimated: false, words: [] }])).toEqual([]);
  });

  test('never loses, doubles or reorders a word, and lines never overlap', async () => {
    const word = fc.record({
      text: fc.constantFrom(
        'a',
        'Mr.',
        'times,',
        'times.',
        'Yes!',
        '"No."',
        'and',
        '—',
        'U.S.',
        '好。',
        'incomprehensibilities',
      ),
      gapMs: fc.integer({ min: -300, max: 2000 }),
      lengthMs: fc.integer({ min: -50, max: 4000 }),
      estimated: fc.boolean(),
    });
    const rules = fc.record({
      pauseMs: fc.integer({ min: 100, max: 2000 }),
      maxUtteranceMs: fc.integer({ min: 500, max: 20_000 }),
      maxCharacters: fc.integer({ min: 5, max: 200 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(word, { maxLength: 30 }), { maxLength: 6 }), rules, async (film, params) => {
        let at = 1000;
        const chunks = film.map((items): AlignedChunk => {
          const startMs = at;
          const words = items.map(({ text, gapMs, lengthMs, estimated }) => {
            const start = Math.max(0, at + gapMs);
            at = start + lengthMs;
            return { text, startMs: start, endMs: at, estimated };
          });
          return { startMs, endMs: at, estimated: false, words };
        });
        const lines = await utterances(chunks, params);
        expect(lines.flatMap((line) => line.words.map((part) => part.text))).toEqual(
          film.flatMap((items) => items.map((item) => item.text)),
        );
        let reached = 0;
        for (const line of lines) {
          expect(line.words.length).toBeGreaterThan(0);
          expect(line.startMs).toBe(line.words[0]?.startMs);
          expect(line.endMs).toBe(line.words.at(-1)?.endMs);
          expect(line.text).toBe(line.words.map((part) => part.text).join(' '));
          for (const part of line.words) {
            expect(part.startMs).toBeGreaterThanOrEqual(reached);
            expect(part.endMs).toBeGreaterThanOrEqual(part.startMs);
            reached = part.endMs;
          }
        }
        expect(new Set(lines.map((line) => line.id)).size).toBe(lines.length);
      }),
      { numRuns: 60 },
    );
  });
});
