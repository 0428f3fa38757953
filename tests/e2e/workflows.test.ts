import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { parseSrt } from '../../shared/subtitles/srt.ts';
import { makeMedia } from '../helpers/media-files.ts';
import { wordErrors } from '../helpers/word-errors.ts';
import { makeWorkspace, PROJECT_DIR } from '../helpers/workspace.ts';

/** The other workflows and the fallback engines, on the first 13 s of the recording of the demo. */
const workspace = makeWorkspace();
const RECORDING = join(
  PROJECT_DIR,
  '.cache/environments/moonshine/lib/python3.11/site-packages/moonshine_voice/assets/two_cities.wav',
);
const REFERENCE =
  'It was the best of times, it was the worst of times, it was the age of wisdom, it was the age of foolishness, it was the epoch of belief, it was the epoch of incredulity';
const at = (name: string): string => join(workspace.dir, name);

beforeAll(async () => {
  const picture = ['-f', 'lavfi', '-i', 'testsrc2=size=320x180:rate=25:duration=14.5'];
  const codecs = ['-c:v', 'libx264', '-preset', 'ultrafast', '-c:a', 'aac'];
  await makeMedia(...picture, '-t', '13', '-i', RECORDING, ...codecs, at('plain.mp4'));
  await makeMedia(...picture, '-itsoffset', '1.5', '-t', '13', '-i', RECORDING, ...codecs, at('late.mp4'));
});

async function transcribe(
  ...args: readonly string[]
): Promise<{ id: string; stderr: string; files: readonly string[] }> {
  const id = await workspace.prepare('--workflow', 'transcribe', '-s', 'en', ...args);
  const result = await workspace.run('run-pipeline', '-j', id);
  if (result.code !== 0) throw new Error(`run-pipeline ended with ${result.code}\n${result.stderr}`);
  return { id, stderr: result.stderr, files: readdirSync(join(workspace.dir, 'out', id)) };
}

interface WordsFile {
  readonly utterances: readonly {
    readonly words: readonly { readonly text: string; readonly startMs: number; readonly endMs: number }[];
  }[];
}
const wordsOf = (id: string, name: string) =>
  (JSON.parse(readFileSync(workspace.out(id, `${name}.en.json`), 'utf8')) as WordsFile).utterances.flatMap(
    ({ words }) => words,
  );

test('a film whose audio starts 1.5 s late has every word 1.5 s later, to 50 ms', async () => {
  const plain = await transcribe('--media', at('plain.mp4'));
  const late = await transcribe('--media', at('late.mp4'));
  expect(plain.files).toEqual(expect.arrayContaining(['plain.en.json', 'plain.en.srt', 'plain.en.txt']));
  const [before, after] = [wordsOf(plain.id, 'plain'), wordsOf(late.id, 'late')];
  expect(after.map(({ text }) => text)).toEqual(before.map(({ text }) => text));
  const shifts = after.map((word, index) => word.startMs - (before[index]?.startMs ?? 0) - 1500);
  expect(Math.max(...shifts.map(Math.abs))).toBeLessThanOrEqual(50);
  const cues = (id: string, name: string) => parseSrt(readFileSync(workspace.out(id, `${name}.en.srt`), 'utf8'));
  const cueShifts = cues(late.id, 'late').map(
    (cue, index) => cue.startMs - (cues(plain.id, 'plain')[index]?.startMs ?? 0) - 1500,
  );
  expect(Math.max(...cueShifts.map(Math.abs))).toBeLessThanOrEqual(50);
});

test('the fallback recogniser runs when it is asked for, and the report says what it is worth', async () => {
  const { id } = await transcribe('--media', at('plain.mp4'), '--engine', 'asr=pocketsphinx');
  const heard = readFileSync(workspace.out(id, 'plain.en.txt'), 'utf8');
  expect(wordErrors(REFERENCE, heard).rate).toBeLessThan(0.6);
  expect(readFileSync(workspace.out(id, 'report.md'), 'utf8')).toContain('asr/pocketsphinx');
});

test('a clip limits what is recognised, and its words keep the times of the film', async () => {
  const { id } = await transcribe('--media', at('plain.mp4'), '--start', '5', '--end', '0:09');
  const words = wordsOf(id, 'plain');
  expect(words.length).toBeGreaterThan(5);
  expect(Math.min(...words.map(({ startMs }) => startMs))).toBeGreaterThanOrEqual(4900);
  expect(Math.max(...words.map(({ endMs }) => endMs))).toBeLessThanOrEqual(9100);
});

test('translate delivers words and translations and no video', async () => {
  const id = await workspace.prepare(
    '--workflow',
    'translate',
    '-s',
    'en',
    '-t',
    'es',
    '--media',
    at('plain.mp4'),
    '--name',
    'Zwei Städte',
  );
  expect((await workspace.run('run-pipeline', '-j', id)).code).toBe(0);
  const files = readdirSync(join(workspace.dir, 'out', id)).filter((name) => name.startsWith('Zwei'));
  expect(files.sort()).toEqual(
    ['en', 'es'].flatMap((language) => ['json', 'srt', 'txt'].map((kind) => `Zwei Städte.${language}.${kind}`)).sort(),
  );
  expect(readFileSync(workspace.out(id, 'Zwei Städte.es.txt'), 'utf8')).toMatch(/tiempo/);
});

test('subtitle without a target delivers the source language and the film with it', async () => {
  const id = await workspace.prepare('--workflow', 'subtitle', '-s', 'en', '--media', at('plain.mp4'));
  const run = await workspace.run('run-pipeline', '-j', id, '--json');
  expect(run.code).toBe(0);
  for (const kind of ['en.srt', 'en.vtt', 'en.ass', 'mkv', 'mp4'])
    expect(existsSync(workspace.out(id, `plain.${kind}`))).toBe(true);
  expect(JSON.parse(run.stdout)).toMatchObject({ id, outcome: 'done' });
});
