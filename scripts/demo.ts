import { mkdirSync, statSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure } from '../shared/contract/failure.ts';
import type { JobManifest } from '../shared/contract/job.ts';
import { runFfmpeg } from '../shared/media/run-ffmpeg.ts';
import { sitePackages } from '../shared/models/layout/locate-model.ts';
import { readManifest } from '../shared/runner/read-manifest.ts';
import { ownedName } from '../shared/store/owned-name.ts';
import { sweepFolders } from '../shared/store/sweep.ts';
import { STAGES } from '../stages/index.ts';
import type { Invocation } from './babelreel.ts';
import { newestDemo } from './newest-demo.ts';
import type { Machine, Tools } from './open-machine.ts';
import { prepare } from './prepare.ts';

/** A reading of the public-domain opening of "A Tale of Two Cities", which ships inside the moonshine-voice package. */
const RECORDING = 'moonshine_voice/assets/two_cities.wav';
const RECORDING_SECONDS = 45;

/** Sets up all embedded engines, makes the demo film and prepares its job; what is there already is used. Returns the job's id. */
export async function prepareDemo(invocation: Invocation, machine: Machine, signal: AbortSignal): Promise<string> {
  const { settings } = invocation;
  const say = (text: string): void => void process.stderr.write(`${text}\n`);
  say('babelreel demo: looking at the engines…');
  await machine.ensure([...machine.environments.keys()], say, signal);
  const tools = await machine.openTools(say, signal);
  const film = join(settings.roots.in, 'demo.mp4');
  if (statSync(film, { throwIfNoEntry: false }) === undefined) {
    say('making the demo film (45 s of a reading under a generated picture)…');
    const recording = recordingOf(invocation);
    await makeDemoFilm({ film, recording, tools, inDir: settings.roots.in, signal });
  }
  const newest = newestDemo(settings.roots.out);
  if (newest !== undefined && isCurrent(readManifest(settings.roots.out, newest), { film, machine, tools }))
    return newest;
  const { manifest } = await prepare({
    workflow: 'dub',
    request: {
      media: film,
      source: 'en',
      targets: ['pt-BR', 'es'],
      dubInto: ['pt-BR'],
      engines: [],
      settings: [],
      voices: [],
      id: 'demo',
      commercial: false,
      acceptDamaged: false,
    },
    invocation,
    machine,
    onMessage: say,
  });
  return manifest.id;
}

/** The manifest is of this film and of the engines as they are now; otherwise a new job is prepared, and equal work is found again. */
function isCurrent(
  manifest: JobManifest,
  { film, machine, tools }: { readonly film: string; readonly machine: Machine; readonly tools: Tools },
): boolean {
  return (
    manifest.media.path === film &&
    Object.entries(manifest.lock.tools).every(([tool, version]) => tools.versions[tool] === version) &&
    manifest.stages.every((stage) => STAGES.get(stage.stage)?.params.safeParse(stage.params).success === true) &&
    Object.entries(manifest.lock.engines).every(([id, locked]) => {
      const engine = machine.engines.get(id)?.definition;
      return (
        engine !== undefined &&
        engine.version === locked.version &&
        machine.identityOfEnvironment(engine.environment) === locked.environment
      );
    })
  );
}

function recordingOf({ settings }: Invocation): string {
  const path = join(sitePackages('moonshine', settings.roots.environments), RECORDING);
  if (statSync(path, { throwIfNoEntry: false }) === undefined) {
    throw new Failure('ERR_ENVIRONMENT', 'The recording of the demo is not in the installed package.', {
      why: `${path} does not exist.`,
      fix: [`rm -r ${join(settings.roots.environments, 'moonshine')}`],
    });
  }
  return path;
}

/** The reading under slowly moving colours, with a sweep that shows whether picture and sound stay together. Appears whole or not at all. */
async function makeDemoFilm(options: {
  readonly film: string;
  readonly recording: string;
  readonly tools: Tools;
  readonly inDir: string;
  readonly signal: AbortSignal;
}): Promise<void> {
  const { film, recording, tools, inDir, signal } = options;
  mkdirSync(inDir, { recursive: true });
  await sweepFolders([inDir]);
  const part = join(inDir, ownedName('.demo'));
  const picture = [
    `gradients=size=640x360:rate=25:duration=${RECORDING_SECONDS}:seed=7:speed=0.008:c0=0x14213d:c1=0x3d5a80:c2=0x264653:nb_colors=3[sky]`,
    `color=c=0xf4a261:size=24x24:rate=25:duration=${RECORDING_SECONDS}[sun]`,
    `[sky][sun]overlay=x=20+(W-64)*t/${RECORDING_SECONDS}:y=H/3+40*sin(t/3):shortest=1,format=yuv420p[picture]`,
  ].join(';');
  try {
    await runFfmpeg(
      {
        inputs: [{ path: recording, trust: 'own' }],
        filterGraph: picture,
        outputs: [
          {
            path: part,
            options: [
              '-map',
              '[picture]',
              '-map',
              '0:a:0',
              '-c:v',
              'libx264',
              '-preset',
              'veryfast',
              '-crf',
              '28',
              '-c:a',
              'aac',
              '-b:a',
              '96k',
              '-shortest',
              '-movflags',
              '+faststart',
              '-metadata:s:a:0',
              'language=eng',
              '-f',
              'mp4',
            ],
          },
        ],
        expectedMs: RECORDING_SECONDS * 1000,
      },
      { ffmpeg: tools.ffmpeg, env: tools.env, cwd: inDir, signal },
    );
    await rename(part, film);
  } finally {
    await rm(part, { force: true });
  }
}
