import { mkdirSync, mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { defineEngine, type EngineDefinition } from '../../shared/contract/engine.ts';
import type { JobEvent } from '../../shared/contract/event.ts';
import type { Digest, JobId } from '../../shared/contract/ids.ts';
import type { JobManifest, JobStage } from '../../shared/contract/job.ts';
import { file, stream } from '../../shared/contract/ports.ts';
import type { AnyStage } from '../../shared/contract/stage.ts';
import { defineStage, forgetTypes } from '../../shared/contract/stage.ts';
import type { EngineEntry } from '../../shared/engines/registry.ts';
import { type RunOptions, type RunResult, runJob } from '../../shared/runner/run-job.ts';
import { digestOf, digestOfJson } from '../../shared/util/digest.ts';
import { resolveSettings, type Settings } from '../../shared/util/settings.ts';

const projectDir = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const Line = z.object({ text: z.string() });

/** Lines of the "film", one item each. */
export const source = defineStage({
  id: 'source',
  purpose: 'reads lines',
  params: z.object({}),
  inputs: { media: file('text/plain') },
  outputs: { lines: stream(Line) },
  async run({ inputs, outputs }) {
    for (const text of readFileSync(inputs.media.path, 'utf8').split('\n')) {
      if (text !== '') await outputs.lines.write({ text });
    }
  },
});

/** Sends every line to the remote-controlled engine. */
export const shout = defineStage({
  id: 'shout',
  purpose: 'asks the engine',
  params: z.object({ suffix: z.string().default('') }),
  inputs: { lines: stream(Line) },
  outputs: { lines: stream(Line) },
  role: 'translate',
  async run({ inputs, outputs, engine, each, params, count }) {
    const work = async ({ text }: { text: string }) => ({
      text: (await engine.call({ text, source: 'en', target: 'es' })).text + params.suffix,
    });
    for await (const line of each(inputs.lines, work)) {
      await outputs.lines.write(line);
      count({ lines: 1 });
    }
  },
});

/** All lines in one file. */
export const collect = defineStage({
  id: 'collect',
  purpose: 'writes one file',
  params: z.object({}),
  inputs: { lines: stream(Line) },
  outputs: { text: file('text/plain') },
  whole: true,
  async run({ inputs, outputs }) {
    let text = '';
    for await (const line of inputs.lines) text += `${line.text}\n`;
    writeFileSync(outputs.text.path, text);
  },
});

export const FAKE_STAGES: ReadonlyMap<string, AnyStage> = new Map(
  [forgetTypes(source), forgetTypes(shout), forgetTypes(collect)].map((stage) => [stage.id, stage]),
);

/** The remote-controlled engine of tests/fixtures/workers as a translator. */
export const fakeEngine = (name = 'fake', change: Partial<EngineDefinition> = {}): EngineEntry => {
  const definition = defineEngine({
    role: 'translate',
    name,
    version: '1',
    rank: 1,
    environment: 'fake',
    worker: 'worker.ts',
    languages: [['en', 'es']],
    params: z.object({}),
    models: () => [],
    resources: { resident: { ramMiB: 50, vramMiB: 0 }, active: { cpu: 1 }, threads: 'settable' },
    determinism: 'exact',
    batch: 1,
    network: 'none',
    licence: { code: 'MIT', weights: 'MIT', commercial: 'yes' },
    worth: 'a test',
    weakness: 'a test',
    ...change,
  });
  const workerPath = join(projectDir, 'tests/fixtures/workers/fake.ts');
  return { id: `translate/${name}`, definition, dir: dirname(workerPath), workerPath };
};

export interface FakeJob {
  readonly dir: string;
  readonly settings: Settings;
  readonly manifest: JobManifest;
  readonly events: JobEvent[];
  readonly mediaPath: string;
  deliveredPath(name: string): string;
  run(change?: Partial<RunOptions>): Promise<RunResult>;
}

export interface FakeJobOptions {
  readonly lines: readonly string[];
  readonly dir?: string;
  readonly id?: string;
  readonly stages?: ReadonlyMap<string, AnyStage>;
  /** Added to, or in the place of, the three stages source -> shout -> collect. */
  readonly graph?: readonly Partial<JobStage>[];
  readonly deliverables?: JobManifest['deliverables'];
  readonly settings?: Partial<Settings['timeouts']>;
  readonly code?: Readonly<Record<string, string>>;
}

const stageOf = (part: Partial<JobStage>): JobStage => ({
  id: part.id ?? '',
  stage: part.stage ?? part.id ?? '',
  inputs: {},
  outputs: {},
  engines: {},
  engineParams: {},
  params: {},
  tools: [],
  whole: false,
  runtime: { threads: 1 },
  ...part,
});

export const SOURCE: Partial<JobStage> = {
  id: 'source',
  inputs: { media: 'media.file' },
  outputs: { lines: 'stream' },
};
export const SHOUT: Partial<JobStage> = {
  id: 'shout',
  inputs: { lines: 'source.lines' },
  outputs: { lines: 'stream' },
  engines: { translate: 'translate/fake' },
  params: { suffix: '' },
};
export const COLLECT: Partial<JobStage> = {
  id: 'collect',
  inputs: { lines: 'shout.lines' },
  outputs: { text: 'file' },
  whole: true,
};

/** A job over a text file, run by the real runner, store and executor; only the engine is remote-controlled. */
export function makeFakeJob(options: FakeJobOptions): FakeJob {
  const dir = options.dir ?? mkdtempSync(join(tmpdir(), 'job-'));
  const config = JSON.parse(readFileSync(join(projectDir, 'config/default.json'), 'utf8')) as Record<string, unknown>;
  const base = resolveSettings(config, {}, dir);
  const settings: Settings = { ...base, timeouts: { ...base.timeouts, cancel: 2, ...options.settings } };
  const id = (options.id ?? 'job-1') as JobId;
  const mediaPath = join(dir, `${id}.txt`);
  writeFileSync(mediaPath, `${options.lines.join('\n')}\n`);
  const stat = statSync(mediaPath, { bigint: true });
  const body: Omit<JobManifest, 'selfDigest'> = {
    schema: 'job/1',
    id,
    createdAt: '2026-01-01T00:00:00.000Z',
    app: '0.0.0',
    workflow: 'fake',
    media: {
      path: mediaPath,
      bytes: Number(stat.size),
      mtimeNs: String(stat.mtimeNs),
      ctimeNs: String(stat.ctimeNs),
      ino: String(stat.ino),
      digest: digestOf(readFileSync(mediaPath)),
      clip: { startMs: 0, endMs: 1000 },
      probe: { container: 'text', durationMs: 1000, startTimeMs: 0, streams: [] },
      audioStream: 0,
    },
    languages: { source: 'en', targets: ['es'], dubInto: [] },
    stages: (options.graph ?? [SOURCE, SHOUT, COLLECT]).map(stageOf),
    lock: {
      engines: { 'translate/fake': { version: '1', environment: digestOf('fake'), models: [] } },
      models: {},
      tools: {},
    },
    policy: { acceptDamaged: false, commercial: false, onFailure: 'no-new' },
    deliverables: options.deliverables ?? [{ from: 'collect.text', to: 'film.txt' }],
  };
  const manifest: JobManifest = { ...body, selfDigest: digestOfJson(body) };
  const jobDir = join(settings.roots.out, id);
  mkdirSync(jobDir, { recursive: true });
  writeFileSync(join(jobDir, 'job.json'), JSON.stringify(manifest));
  const events: JobEvent[] = [];
  return {
    dir,
    settings,
    manifest,
    events,
    mediaPath,
    deliveredPath: (name) => join(jobDir, name),
    run: (change = {}) =>
      runJob({
        id,
        app: '0.0.0',
        settings,
        limits: { cpus: 2, ramMiB: 1000 },
        code: options.code ?? { source: 'a', shout: 'b', collect: 'c' },
        stages: options.stages ?? FAKE_STAGES,
        engines: new Map([['translate/fake', fakeEngine()]]),
        machine: fakeMachine(),
        overwrite: false,
        signal: new AbortController().signal,
        onEvent: (event) => void events.push(event),
        ...change,
      }),
  };
}

export const fakeMachine = (): RunOptions['machine'] => ({
  ensure: async () => {},
  identityOf: () => digestOf('fake') as Digest,
  modelDigestOf: (id) => digestOf(id),
  launch: ({ entry }, dir) => ({
    argv: [process.execPath, entry.workerPath],
    env: { FAKE_ENGINE: entry.id, PATH: process.env.PATH ?? '', HOME: dir, TMPDIR: dir },
    cwd: dir,
    models: [],
  }),
  denyNetwork: false,
  ffmpeg: '/usr/bin/ffmpeg',
  ffprobe: '/usr/bin/ffprobe',
  toolEnv: {},
  toolVersions: {},
});
