import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { SubtitleProfile } from '../../shared/contract/cue.ts';
import { runStage } from '../../tests/helpers/run-stage.ts';
import { subtitle } from './stage.ts';

const profile = SubtitleProfile.parse(
  JSON.parse(readFileSync(new URL('../../config/profiles/default.json', import.meta.url), 'utf8')),
);

const line = (id: string, text: string, startMs: number, endMs: number) => ({
  id,
  startMs,
  endMs,
  language: 'pt-BR',
  text,
  words: [],
  estimated: false,
  source: { language: 'en', text: 'said' },
});

async function make(utterances: readonly unknown[]) {
  const result = await runStage(subtitle, { params: { language: 'pt-BR', profile }, inputs: { utterances } });
  const read = (name: string): string => readFileSync(result.files[name] ?? '', 'utf8');
  return { ...result, srt: read('srt'), vtt: read('vtt'), ass: read('ass'), txt: read('txt'), json: read('json') };
}

test('utterances become the same cues in every format, and their figures', async () => {
  const made = await make([
    line('a1', 'Foi o melhor dos tempos.', 1000, 3000),
    line('b2', 'Foi o pior dos tempos.', 6000, 8000),
  ]);
  expect(made.srt).toBe(
    '1\n00:00:01,000 --> 00:00:03,000\nFoi o melhor dos tempos.\n\n2\n00:00:06,000 --> 00:00:08,000\nFoi o pior dos tempos.\n',
  );
  expect(made.vtt).toContain('00:00:06.000 --> 00:00:08.000\nFoi o pior dos tempos.\n');
  expect(made.ass).toContain('Dialogue: 0,0:00:01.00,0:00:03.00,Default,,0,0,0,,Foi o melhor dos tempos.\n');
  expect(made.txt).toBe('Foi o melhor dos tempos.\nFoi o pior dos tempos.\n');
  const document = JSON.parse(made.json);
  expect(document).toMatchObject({ schema: 'subtitle/1', language: 'pt-BR', profile: 'default' });
  expect(document.cues.map((cue: { utteranceIds: string[] }) => cue.utteranceIds)).toEqual([['a1'], ['b2']]);
  expect(made.figures).toEqual({
    utterances: 2,
    cues: 2,
    cuesTooFast: 0,
    cuesTooShort: 0,
    linesTooLong: 0,
    shownMs: 4000,
  });
  expect(made.warnings).toEqual([]);
});

test('a film without speech gives valid empty files', async () => {
  const made = await make([]);
  expect([made.srt, made.vtt, made.txt]).toEqual(['', 'WEBVTT\n', '']);
  expect(made.ass).toContain('[Events]');
  expect(JSON.parse(made.json).cues).toEqual([]);
  expect(made.figures).toMatchObject({ cues: 0 });
});

test('many cues that break one rule give one warning with their number and the first of them', async () => {
  const fast = 'Isto precisa ser lido muito depressa por todos';
  const made = await make([line('a', fast, 0, 900), line('b', fast, 5000, 5900), line('c', 'Sim.', 9000, 9900)]);
  expect(made.figures).toMatchObject({ cues: 3, cuesTooFast: 2 });
  expect(made.warnings).toEqual([
    {
      code: 'cue-too-fast',
      message:
        '2 of 3 cues must be read too fast (limit 17 characters a second); the first is cue 1 at 00:00:00.000 with 32.1.',
      data: { cues: 2, firstCue: 1, firstStartMs: 0, value: 32.1, limit: 17 },
    },
  ]);
});

test('the same utterances give the same bytes', async () => {
  const utterances = [line('a', 'Sim, claro que sim.', 0, 900)];
  const [one, two] = [await make(utterances), await make(utterances)];
  for (const name of ['srt', 'vtt', 'ass', 'txt', 'json'] as const) expect(one[name]).toBe(two[name]);
});
