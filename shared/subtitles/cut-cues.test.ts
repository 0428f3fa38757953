import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Cue } from '../contract/cue.ts';
import type { Utterance } from '../contract/utterance.ts';
import { textWidth } from '../util/text-width.ts';
import { cutCues } from './cut-cues.ts';
import { PROFILE, spoken, translated } from './test-helpers.ts';

const letters = (text: string): string => text.replace(/\s/g, '');
const shown = (cues: readonly Cue[]): string => cues.map((cue) => cue.lines.join('\n')).join('\n\n');

const word = fc.oneof(
  fc.constantFrom(
    'the',
    'and',
    'of',
    'a',
    'Mr.',
    'yes,',
    'stop.',
    'नमस्ते',
    'سلام',
    'שלום',
    '你好世界。',
    'ありがとう',
    '👩‍👩‍👧',
    '10\u00a0%',
  ),
  fc.string({ minLength: 1, maxLength: 60, unit: fc.constantFrom(...'abcdefgh') }),
);
const utterance = fc
  .record({
    words: fc.array(word, { minLength: 0, maxLength: 40 }),
    startMs: fc.integer({ min: -500, max: 60_000 }),
    lengthMs: fc.integer({ min: 0, max: 30_000 }),
    timed: fc.boolean(),
  })
  .map(({ words, startMs, lengthMs, timed }): Utterance => {
    const text = words.join(' ');
    const wordMs = Math.floor(lengthMs / Math.max(1, words.length));
    return timed && text !== '' ? spoken(text, startMs, wordMs) : translated(text, startMs, startMs + lengthMs);
  });

test('no word is lost, none is doubled, and the order stays', () => {
  fc.assert(
    fc.property(fc.array(utterance, { maxLength: 8 }), (utterances) => {
      const ordered = utterances.map((one, index) => ({
        ...one,
        startMs: index * 40_000,
        endMs: index * 40_000 + 9000,
        words: [],
      }));
      const text = cutCues(ordered, PROFILE)
        .flatMap((cue) => cue.lines)
        .join(' ');
      expect(letters(text)).toBe(letters(ordered.map((one) => one.text).join(' ')));
    }),
    { numRuns: 60 },
  );
});

test('whatever the utterances, cues are sorted, never overlap, keep their gap, last a while and have at most two lines', () => {
  fc.assert(
    fc.property(fc.array(utterance, { maxLength: 10 }), (utterances) => {
      const cues = cutCues(utterances, PROFILE);
      for (const [index, cue] of cues.entries()) {
        expect(cue.lines.length).toBeLessThanOrEqual(PROFILE.maxLines);
        expect(cue.lines.every((line) => line.trim() === line && line !== '')).toBe(true);
        expect(cue.startMs).toBeGreaterThanOrEqual(0);
        expect(cue.endMs - cue.startMs).toBeGreaterThanOrEqual(PROFILE.minDurationMs / 2);
        expect(cue.endMs - cue.startMs).toBeLessThanOrEqual(PROFILE.maxDurationMs);
        const previous = cues[index - 1];
        if (previous !== undefined) expect(cue.startMs - previous.endMs).toBeGreaterThanOrEqual(PROFILE.minGapMs);
      }
    }),
    { numRuns: 60 },
  );
});

test('a line is wider than the profile only when one word alone is', () => {
  fc.assert(
    fc.property(fc.array(utterance, { maxLength: 4 }), (utterances) => {
      for (const cue of cutCues(utterances, PROFILE))
        for (const line of cue.lines)
          if (textWidth(line) > PROFILE.maxCharactersPerLine) expect(line).not.toContain(' ');
    }),
    { numRuns: 60 },
  );
});

test('a sentence that fits is one cue, at the time of its words', () => {
  expect(cutCues([spoken('It was the best of times.', 1000)], PROFILE)).toEqual([
    { startMs: 1000, endMs: 2780, lines: ['It was the best of times.'], utteranceIds: ['1000-It was t'] },
  ]);
});

test('a long sentence is cut at clause ends and starts each cue with its first word', () => {
  const text =
    'Foi o melhor dos tempos, foi o pior dos tempos, foi a idade da sabedoria, foi a idade da tolice, foi a época da crença.';
  const cues = cutCues([spoken(text, 0, 400)], PROFILE);
  expect(shown(cues)).toBe(
    'Foi o melhor dos tempos,\nfoi o pior dos tempos,\n\nfoi a idade da sabedoria, foi a idade\nda tolice, foi a época da crença.',
  );
  expect(cues.map((cue) => cue.startMs)).toEqual([0, 10 * 400]);
});

test('lines break before a conjunction or preposition, never after an article or a title', () => {
  const lines = (text: string): readonly string[] | undefined => cutCues([spoken(text, 0)], PROFILE)[0]?.lines;
  expect(lines('The captain went to the harbour and waited for the morning')).toEqual([
    'The captain went to the harbour',
    'and waited for the morning',
  ]);
  expect(lines('Yesterday evening we were talking about the Dr. Manette of the story')?.[0]).not.toMatch(/(the|Dr\.)$/);
});

test('no word stands alone on a line when it can be helped', () => {
  const [cue] = cutCues([spoken('Unquestionably, everything changed afterwards.', 0)], PROFILE);
  expect(cue?.lines).toEqual(['Unquestionably, everything', 'changed afterwards.']);
});

test('a word longer than a line is kept whole', () => {
  const long = 'Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft';
  const cues = cutCues([translated(`Die ${long} tagt heute.`, 0, 5000, 'de')], PROFILE);
  expect(cues.flatMap((cue) => cue.lines)).toContain(long);
});

test('a translation is divided over its span in proportion to its characters', () => {
  const half = 'aaaa bbbb cccc dddd eeee ffff gggg hhhh iiii jjjj kkkk llll,';
  const cues = cutCues([translated(`${half} ${half}`, 10_000, 20_000)], PROFILE);
  expect(cues.map((cue) => cue.startMs)).toEqual([10_000, 15_000]);
  expect(cues.map((cue) => cue.endMs)).toEqual([15_000 - PROFILE.minGapMs, 20_000]);
});

test('an edited line, whose words no longer spell its text, is divided like a translation', () => {
  const edited = { ...spoken('we was here', 0, 1000), text: 'We were here.' };
  expect(cutCues([edited], PROFILE)).toMatchObject([{ startMs: 0, endMs: 2980, lines: ['We were here.'] }]);
});

test('a cue follows its speech over a long pause', () => {
  const early = spoken('I thought about it for a while', 0);
  const late = spoken('and then I went home.', 4000);
  const joined = {
    ...early,
    endMs: late.endMs,
    text: `${early.text} ${late.text}`,
    words: [...early.words, ...late.words],
  };
  const cues = cutCues([joined], PROFILE);
  expect(cues.map((cue) => [cue.startMs, cue.lines])).toEqual([
    [0, [early.text]],
    [4000, [late.text]],
  ]);
});

test('a short cue stays for the shortest duration, and a small gap before the next one is closed', () => {
  const cues = cutCues([spoken('Yes.', 0), spoken('No.', 5000), spoken('Never.', 6100)], PROFILE);
  expect(cues.map((cue) => [cue.startMs, cue.endMs])).toEqual([
    [0, 833],
    [5000, 6100 - PROFILE.minGapMs],
    [6100, 6933],
  ]);
});

test('a cue that is read too fast stays up to half a second after its speech', () => {
  const [cue] = cutCues([translated('Thirty-four characters in a second', 0, 1000)], PROFILE);
  expect(cue?.endMs).toBe(1500);
});

test('an utterance without visible text gives no cue', () => {
  expect(cutCues([translated(' \u0007\u200b ', 0, 1000)], PROFILE)).toEqual([]);
});

test('the work grows with the number of utterances, not with its square', () => {
  const film = (count: number) =>
    Array.from({ length: count }, (_, index) => spoken(`It was the age of wisdom, ${index}.`, index * 3000));
  const fastest = (count: number): number => {
    const utterances = film(count);
    return Math.min(
      ...Array.from({ length: 4 }, () => {
        const start = performance.now();
        cutCues(utterances, PROFILE);
        return performance.now() - start;
      }),
    );
  };
  fastest(500);
  // eight times the work: linear is 8, quadratic 64
  expect(fastest(4000) / fastest(500)).toBeLessThan(30);
});
