import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { JobEvent } from '../../shared/contract/event.ts';
import { ROLE_NAMES } from '../../shared/contract/roles/index.ts';
import type { RunResult } from '../../shared/runner/run-job.ts';
import { makeRoleFilm, PERIOD_SECONDS } from '../fixtures/workers/role-film.ts';
import { type Cast, prepareRoleJob, runRoleJob } from '../fixtures/workers/role-job.ts';
import { FFMPEG } from '../helpers/media-files.ts';

/** A real dub of 40 s by the real stages and runner; only the engines are played. */
const SECONDS = 40;
const LINES = SECONDS / PERIOD_SECONDS;
const root = mkdtempSync(join(tmpdir(), 'overlap-'));
const film = join(root, 'film.mkv');
beforeAll(() => makeRoleFilm(film, SECONDS));
afterAll(() => rmSync(root, { recursive: true }));

interface Run {
  readonly events: readonly JobEvent[];
  readonly result: RunResult;
  readonly srt: string;
}

async function runDub(options: Omit<Parameters<typeof runRoleJob>[0], 'id'> & { readonly id?: string }): Promise<Run> {
  const { dir, id = 'film', onEvent } = options;
  await prepareRoleJob({ dir, film, id });
  const events: JobEvent[] = [];
  const result = await runRoleJob({
    ...options,
    id,
    onEvent(event) {
      events.push(event);
      onEvent?.(event);
    },
  });
  return { events, result, srt: readFileSync(join(dir, 'out', id, 'film.es.srt'), 'utf8') };
}

const newFolder = (): string => mkdtempSync(join(root, 'job-'));
/** Places in the order of events at which a stage or an engine did something. */
const at = (events: readonly JobEvent[], type: JobEvent['type'], who: string): number[] =>
  events.flatMap((event, index) =>
    event.type === type &&
    [...('stage' in event ? [event.stage] : []), ...('engine' in event ? [event.engine] : [])].includes(who)
      ? [index]
      : [],
  );
const first = (events: readonly JobEvent[], type: JobEvent['type'], who: string): number =>
  at(events, type, who)[0] ?? Number.NaN;
const last = (events: readonly JobEvent[], type: JobEvent['type'], who: string): number =>
  at(events, type, who).at(-1) ?? Number.NaN;

/** An ffmpeg that does not open the film before the file `until` is there, for 20 s at most. */
function heldFfmpeg(dir: string, until: string): string {
  const path = join(dir, 'ffmpeg.sh');
  const wait = `n=0; while [ ! -e '${until}' ] && [ $n -lt 200 ]; do sleep 0.1; n=$((n+1)); done`;
  writeFileSync(path, `#!/bin/sh\ncase "$*" in *'${film}'*) ${wait};; esac\nexec '${FFMPEG}' "$@"\n`, { mode: 0o755 });
  return path;
}

describe('a dub on two cpus', () => {
  // Each of three ends is held back until what has to come before it was seen: without overlap they would come first, 20 s later.
  let dub: Run;
  const dir = newFolder();
  const mark = (name: string): string => join(dir, `seen-${name}`);
  const cast: Cast = {
    vad: { hold: { from: 2, until: mark('asr-task') } },
    asr: { hold: { from: LINES, until: mark('translate-task') } },
  };
  beforeAll(async () => {
    const workers = new Set<string>();
    const onEvent = (event: JobEvent): void => {
      if (event.type === 'worker.start') workers.add(event.engine);
      if (workers.has('asr/player') && workers.has('align/player')) writeFileSync(mark('workers'), '');
      if (event.type === 'task.start') writeFileSync(mark(`${event.engine.split('/')[0]}-task`), '');
    };
    dub = await runDub({ dir, cast, onEvent, ffmpeg: heldFfmpeg(dir, mark('workers')) });
  });

  test('starts the workers of later stages while the sound is still being extracted', () => {
    for (const engine of ['vad/player', 'asr/player', 'align/player'])
      expect(first(dub.events, 'worker.start', engine)).toBeLessThan(first(dub.events, 'stage.done', 'extract'));
  });

  test('recognises while it still detects, and translates while it still recognises', () => {
    const { events } = dub;
    expect(at(events, 'task.end', 'vad')).toHaveLength(2);
    expect(at(events, 'task.end', 'asr')).toHaveLength(LINES);
    expect(first(events, 'task.start', 'asr')).toBeLessThan(last(events, 'task.end', 'vad'));
    expect(first(events, 'task.start', 'translate.es')).toBeLessThan(last(events, 'task.end', 'asr'));
  });

  test('starts one worker for each engine, which loads once for the whole job', () => {
    const { engineStats } = dub.result;
    expect(Object.keys(engineStats).sort()).toEqual(ROLE_NAMES.map((role) => `${role}/player`).sort());
    for (const stats of Object.values(engineStats)) expect(stats).toMatchObject({ starts: 1, loads: 1 });
  });

  test('gives every line of the film, in order', () => {
    const starts = [...dub.srt.matchAll(/^(\d\d:\d\d:\d\d),\d+ -->/gm)].map(([, time]) => time);
    expect(starts).toHaveLength(LINES);
    expect(starts).toEqual([...starts].sort());
  });

  test('makes no engine call in another job of the same film over the same store, with its records or without', async () => {
    const again = await runDub({ dir, id: 'again' });
    expect(again.result.ran).toEqual([]);
    expect(again.result.engineStats).toEqual({});
    expect(again.srt).toBe(dub.srt);
    // Without the records the stages run, and every answer comes from the memo.
    rmSync(join(dir, '.cache/records'), { recursive: true });
    const rederived = await runDub({ dir, id: 'rederived' });
    expect(rederived.result.ran).toContain('asr');
    for (const stats of Object.values(rederived.result.engineStats)) expect(stats.calls).toBe(0);
    expect(rederived.events.filter(({ type }) => type === 'task.start')).toEqual([]);
    expect(rederived.srt).toBe(dub.srt);
  });
});

test('a dub ends on one cpu although all its stages are open', async () => {
  const { result, events } = await runDub({ dir: newFolder(), limits: { cpus: 1, ramMiB: 1000 } });
  expect(result.ran).toHaveLength(result.manifest.stages.length);
  let running = 0;
  for (const { type } of events) {
    if (type === 'task.start') running += 1;
    if (type === 'task.end') running -= 1;
    expect(running).toBeLessThanOrEqual(1);
  }
});

test('a dub ends when only one of its workers fits into memory at a time', async () => {
  const cast = Object.fromEntries(ROLE_NAMES.map((role) => [role, { ramMiB: 600 }]));
  const { result, events, srt } = await runDub({ dir: newFolder(), cast, limits: { cpus: 2, ramMiB: 1000 } });
  expect(result.ran).toHaveLength(result.manifest.stages.length);
  expect(srt.match(/-->/g)).toHaveLength(LINES);
  let alive = 0;
  for (const { type } of events) {
    if (type === 'worker.start') alive += 1;
    if (type === 'worker.end') alive -= 1;
    expect(alive).toBeLessThanOrEqual(1);
  }
  // Workers leave for each other, but an engine's tasks are drained before: not one start for every line.
  for (const role of ROLE_NAMES) expect(result.engineStats[`${role}/player`]?.starts).toBeGreaterThanOrEqual(1);
  const starts = Object.values(result.engineStats).reduce((sum, stats) => sum + stats.starts, 0);
  expect(starts).toBeLessThanOrEqual(LINES);
});
