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

test('ten thousand cues are cut and written in time that grows with their number and not faster', () => {
  const all = makeUtterances(CUES);
  const counted = run(all).cues;
  const large = all.slice(0, Math.ceil((CUES * CUES) / counted));
  const small = large.slice(0, Math.ceil(large.length / 4));
  const rounds = Array.from({ length: ROUNDS }, () => ({ small: run(small), large: run(large) }));
  // Each step's best round: other work on the machine only ever adds.
  const quietest = (size: 'small' | 'large') => {
    const runs = rounds.map((round) => round[size]);
    const best = (step: (typeof STEPS)[number]) => Math.min(...runs.map(({ times }) => times[step]));
    const times = Object.fromEntries(STEPS.map((step) => [step, best(step)])) as Times;
    return { cues: runs[0]?.cues ?? 0, read: runs[0]?.read ?? 0, times };
  };
  const [few, many] = [quietest('small'), quietest('large')];
  expect(many.read).toBe(many.cues);
  expect(Math.abs(many.cues - CUES)).toBeLessThanOrEqual(CUES / 50);
  const exponent = Math.log(total(many.times) / total(few.times)) / Math.log(many.cues / few.cues);
  const parts = STEPS.map((step) => `${step} ${many.times[step].toFixed(0)}`).join(', ');
  process.stdout.write(
    `  ${many.cues} cues of ${large.length} sentences: ${total(many.times).toFixed(0)} ms (${parts}); a quarter: ${total(few.times).toFixed(0)} ms; exponent ${exponent.toFixed(2)} (load ${loadavg()[0]?.toFixed(1)})\n`,
  );
  expect(exponent).toBeLessThanOrEqual(1.1);
});
