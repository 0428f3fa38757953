import { describe, expect, test } from 'vitest';
import type { Utterance } from '../../shared/contract/utterance.ts';
import { runStage } from '../../tests/helpers/run-stage.ts';
import { translate } from './stage.ts';

const line = (text: string, more: Partial<Utterance> = {}): Utterance => ({
  id: '0123456789abcdef',
  startMs: 100,
  endMs: 900,
  language: 'en',
  text,
  words: [{ text, startMs: 100, endMs: 900, estimated: false }],
  estimated: false,
  ...more,
});

const run = (utterances: readonly Utterance[], answer: (text: string) => unknown) =>
  runStage(translate, {
    params: { source: 'en', target: 'pt-BR' },
    inputs: { utterances },
    answer: (_role, request) => answer((request as { text: string }).text),
  });

describe('translate', () => {
  test('keeps id, times and speaker, says what was said, and has no words', async () => {
    const result = await run([line('Good\n morning.', { speaker: 'A', estimated: true })], () => ({
      text: ' Bom  dia. ',
      unknownWords: [],
    }));
    expect(result.streams.utterances).toEqual([
      {
        id: '0123456789abcdef',
        startMs: 100,
        endMs: 900,
        language: 'pt-BR',
        text: 'Bom dia.',
        words: [],
        estimated: true,
        speaker: 'A',
        source: { language: 'en', text: 'Good morning.' },
        unknownWords: [],
      },
    ]);
    expect(result.calls.map((call) => call.request)).toEqual([
      { text: 'Good morning.', source: 'en', target: 'pt-BR' },
    ]);
    expect(result.figures).toEqual({ translatedLines: 1, unknownWords: 0 });
    expect(result.warnings).toEqual([]);
  });

  test('translates each line whole and keeps the order', async () => {
    const result = await run([line('One. Two.'), line('Three.')], (text) => ({ text: `<${text}>`, unknownWords: [] }));
    expect((result.streams.utterances as Utterance[]).map((item) => item.text)).toEqual(['<One. Two.>', '<Three.>']);
  });

  test('keeps the words that were said where the engine has nothing to say, and warns', async () => {
    const result = await run([line('Zounds indeed.')], () => ({ text: '  ', unknownWords: [] }));
    expect(result.streams.utterances).toMatchObject([{ text: 'Zounds indeed.', unknownWords: ['Zounds', 'indeed.'] }]);
    expect(result.warnings).toMatchObject([{ code: 'line-not-translated', data: { id: '0123456789abcdef' } }]);
    expect(result.figures).toEqual({ translatedLines: 0, unknownWords: 2 });
  });

  test('counts the words the engine does not know', async () => {
    const result = await run([line('A Zorblax.')], () => ({ text: 'Un Zorblax.', unknownWords: ['Zorblax'] }));
    expect(result.figures).toEqual({ translatedLines: 1, unknownWords: 1 });
  });
});
