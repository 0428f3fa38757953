import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { type Cue, SubtitleProfile } from '../contract/cue.ts';
import { checkCues } from './check-cues.ts';
import { PROFILE } from './test-helpers.ts';

const cue = (startMs: number, endMs: number, ...lines: string[]): Cue => ({ startMs, endMs, lines, utteranceIds: [] });

test('a cue that keeps the profile is not found', () => {
  expect(checkCues([cue(0, 2000, 'Good evening.'), cue(2083, 4000, 'Good night.')], PROFILE)).toEqual([]);
});

test('every broken rule is named with its figure and its limit', () => {
  const found = (cues: Cue[]) =>
    checkCues(cues, PROFILE).map(({ cue: index, rule, value, limit }) => [index, rule, value, limit]);
  expect(found([cue(0, 1000, 'Thirty-four characters in a second')])).toEqual([[0, 'too-fast', 34, 17]]);
  expect(found([cue(0, 7000, 'x'.repeat(43))])).toEqual([[0, 'line-too-long', 43, 42]]);
  expect(found([cue(0, 2000, 'a', 'b', 'c')])).toEqual([[0, 'too-many-lines', 3, 2]]);
  expect(found([cue(0, 500, 'Yes.')])).toEqual([[0, 'too-short', 500, 833]]);
  expect(found([cue(0, 7001, 'Yes.')])).toEqual([[0, 'too-long', 7001, 7000]]);
  expect(found([cue(0, 1000, 'Yes.'), cue(1082, 2000, 'No.')])).toEqual([[0, 'gap-too-small', 82, 83]]);
  expect(found([cue(0, 1000, 'Yes.'), cue(900, 2000, 'No.')])).toEqual([[0, 'overlap', -100, 83]]);
});

test('every shipped profile is valid, named after its file and has room for its own rules', () => {
  const folder = new URL('../../config/profiles/', import.meta.url);
  const names = readdirSync(folder);
  expect(names).toContain('default.json');
  for (const name of names) {
    const profile = SubtitleProfile.parse(JSON.parse(readFileSync(new URL(name, folder), 'utf8')));
    expect(`${profile.id}.json`).toBe(name);
    expect(profile.maxDurationMs).toBeGreaterThan(profile.minDurationMs);
    expect(profile.purpose).toMatch(/\w{20}|Netflix/);
  }
});
