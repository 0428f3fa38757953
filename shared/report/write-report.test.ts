import { expect, test } from 'vitest';
import type { ReportData } from '../contract/report.ts';
import { formatEngines } from './format-engines.ts';
import { writeReport } from './write-report.ts';

const DATA: ReportData = {
  schema: 'report/1',
  jobId: '20261201-movie-001',
  app: '0.1.0',
  workflow: 'dub',
  outcome: 'done',
  seconds: 83,
  media: { name: 'my|<b>film</b>.mp4', durationMs: 44_400, clip: { startMs: 0, endMs: 44_400 } },
  languages: { source: 'en', targets: ['pt-BR', 'es'], dubInto: ['pt-BR'] },
  stages: [
    { id: 'extract', state: 'hit', seconds: 2, engines: [], figures: {} },
    { id: 'translate.pt-BR', state: 'run', seconds: 60, engines: ['translate/fake'], figures: { lines: 9 } },
  ],
  warnings: [{ stage: 'subtitle.es', code: 'cue-too-fast', message: '2 of 9 cues must be read too fast.' }],
  engines: [
    {
      id: 'translate/fake',
      version: '1',
      licence: { code: 'MIT', weights: 'unstated', commercial: 'unstated' },
      worth: 'good for the gist',
      weakness: 'misses irony',
      calls: 9,
    },
  ],
  figures: {
    words: 118,
    utterances: 9,
    speechMs: 40_000,
    speechWithTextMs: 39_900,
    cues: 21,
    estimatedWords: 3,
    linesThatDoNotFit: 1,
  },
  deliverables: [{ to: 'film.srt', bytes: 1234, status: 'written' }],
};

test('the report says in plain words what was made, how well, and what to check', () => {
  const { markdown } = writeReport(DATA);
  for (const line of [
    'The job `20261201-movie-001` (dub) is **finished**; this run took 1 m 23 s.',
    '- Translated into: Portuguese (Brazil) (pt-BR), Spanish (es)',
    '| film.srt | 1.2 kB | written |',
    '- Speech that has text: 99 %',
    '- Words: 118 in 9 sentences',
    '- Lines of the dub that are longer than their place: 1',
    '- ⚠ **subtitle.es**: 2 of 9 cues must be read too fast.',
    '| translate.pt-BR | done now | 1 m 00 s | translate/fake |',
    '- Known weakness: misses irony',
    '- Licence: program MIT, weights unstated; commercial use not stated: ask before you sell the result',
  ])
    expect(markdown.split('\n')).toContain(line);
});

test('a name cannot break a table or bring HTML into the report', () => {
  const { markdown } = writeReport(DATA);
  expect(markdown).toMatch(/^# my\\\|\\<b\\>film\\<\/b\\>\.mp4\n/);
  expect(markdown).not.toContain('<b>');
});

test('the JSON report is the data and the speech coverage', () => {
  const { json } = writeReport(DATA);
  expect(JSON.parse(json)).toEqual({ ...DATA, figures: { ...DATA.figures, speechCoveragePercent: 99 } });
});

test('a film without speech has no coverage instead of a division by zero', () => {
  const silent = { ...DATA, warnings: [], figures: { ...DATA.figures, speechMs: 0, speechWithTextMs: 0 } };
  const { json, markdown } = writeReport(silent);
  expect(JSON.parse(json).figures.speechCoveragePercent).toBeNull();
  expect(markdown).not.toContain('Speech that has text');
  expect(markdown).toContain('No warnings.');
});

test('a failed job says what went wrong and how to go on', () => {
  const { markdown } = writeReport({
    ...DATA,
    outcome: 'failed',
    media: { ...DATA.media, clip: { startMs: 10_000, endMs: 20_000 } },
    failure: {
      code: 'ERR_DISK_FULL',
      class: 'resource',
      stage: 'asr',
      message: 'The disk is full.',
      cause: '212 MB free.',
      fix: ['./run-pipeline.sh -j 20261201-movie-001'],
      log: null,
    },
  });
  expect(markdown).toContain('is **not finished**');
  expect(markdown).toContain('0:44 long, of which 0:10 to 0:20 was worked on');
  expect(markdown).toContain('The disk is full. (ERR\\_DISK\\_FULL in stage asr)');
  expect(markdown).toContain('\n    ./run-pipeline.sh -j 20261201-movie-001\n');
});

test('what the engines are worth fits on a screen', () => {
  expect(formatEngines(DATA.engines)).toBe('translate/fake: good for the gist\n  but: misses irony');
});
