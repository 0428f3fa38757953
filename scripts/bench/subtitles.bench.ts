import { loadavg } from 'node:os';
import { expect, test } from 'vitest';
import type { Utterance } from '../../shared/contract/utterance.ts';
import { writeAss } from '../../shared/subtitles/ass.ts';
import { cutCues } from '../../shared/subtitles/cut-cues.ts';
import { parseSrt, writeSrt } from '../../shared/subtitles/srt.ts';
import { PROFILE, spoken } from '../../shared/subtitles/test-helpers.ts';
import { writeVtt } from '../../shared/subtitles/vtt.ts';

/** B20: utterances to cues to files, and one of the files read back. Sentences of 6 to 30 words. */
const CUES = 10_000;
const ROUNDS = 15;
const WORDS =
  'it was the best of times and everybody who had ever been there, said nevertheless that superlative degrees only'.split(
    ' ',
  );

function makeUtterances(count: number): Utterance[] {
  let startMs = 0;
  return Array.from({ length: count }, (_, index) => {
    const words = Array.from({ length: 6 + ((index * 7) % 25) }, (_, at) => WORDS[(index * 5 + at * 3) % WORDS.length]);
    const utterance = spoken(`${words.join(' ')}.`, startMs);
    startMs = utterance.endMs + 900;
    return utterance;
  });
}

const STEPS = ['cut', 'srt', 'vtt', 'ass', 'parse'] as const;
type Times = Readonly<Record<(typeof STEPS)[number], number>>;

function run(utterances: readonly Utterance[]): {
  readonly times: Times;
  readonly cues: number;
  readonly read: number;
} {
  const marks = [performance.now()];
  const cues = cutCues(utterances, PROFILE);
  marks.push(performance.now());
  const srt = writeSrt(cues);
  marks.push(performance.now());
  writeVtt(cues);
  marks.push(performance.now());
  writeAss(cues);
  marks.push(performance.now());
  const read = parseSrt(srt).length;
  marks.push(performance.now());
  const times = Object.fromEntries(
    STEPS.map((step, index) => [step, (marks[index + 1] ?? 0) - (marks[index] ?? 0)]),
  ) as Times;
  return { times, cues: cues.length, read };
}

const total = (times: Times): number => STEPS.reduce((sum, step) => sum + times[step], 0);
const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;

test('ten thousand cues are cut and written in time that grows with their number and not faster', () => {
  const all = makeUtterances(CUES);
  const film = all.slice(0, Math.ceil((CUES * CUES) / run(all).cues));
  const length = Math.ceil(film.length / 4);
  const quarters = [0, 1, 2, 3].map((part) => film.slice(part * length, (part + 1) * length));
  // The same work at once and in four parts, in turn: both take as long, so other work on the machine disturbs both alike.
  const rounds = Array.from({ length: ROUNDS }, () => ({
    parts: quarters.map((part) => total(run(part).times)).reduce((sum, time) => sum + time, 0),
    whole: run(film),
  }));
  for (const { whole } of rounds) expect(whole.read).toBe(whole.cues);
  const cues = rounds[0]?.whole.cues ?? 0;
  expect(Math.abs(cues - CUES)).toBeLessThanOrEqual(CUES / 50);
  const best = (step: (typeof STEPS)[number]): string =>
    Math.min(...rounds.map(({ whole }) => whole.times[step])).toFixed(0);
  const ratio = median(rounds.map(({ parts, whole }) => total(whole.times) / parts));
  const exponent = 1 + Math.log(ratio) / Math.log(4);
  process.stdout.write(
    `  ${cues} cues of ${film.length} sentences: median ${median(rounds.map(({ whole }) => total(whole.times))).toFixed(0)} ms (best ${STEPS.map((step) => `${step} ${best(step)}`).join(', ')}); exponent ${exponent.toFixed(2)} (load ${loadavg()[0]?.toFixed(1)})\n`,
  );
  expect(exponent).toBeLessThanOrEqual(1.1);
});
