import { expect, test } from 'vitest';
import { runStage } from '../../tests/helpers/run-stage.ts';
import { revise } from './stage.ts';

test('lines without corrections pass unchanged and in order', async () => {
  const utterances = ['Yes.', 'No.'].map((text, index) => ({
    id: `${index}`.repeat(16),
    startMs: index * 1000,
    endMs: index * 1000 + 500,
    language: 'pt-BR',
    text,
    words: [],
    estimated: false,
    source: { language: 'en', text: 'said' },
    unknownWords: ['said'],
  }));
  const result = await runStage(revise, { inputs: { utterances } });
  expect(result.streams.utterances).toEqual(utterances);
});
