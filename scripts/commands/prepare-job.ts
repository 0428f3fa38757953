import { join, resolve } from 'node:path';
import { readOfflineFlag } from '../../shared/contract/offline.ts';
import { parseTimeCode } from '../../shared/media/time-code.ts';
import { describeChoices } from '../../shared/report/describe-choices.ts';
import { adviseFilm } from '../advise-film.ts';
import type { Invocation } from '../babelreel.ts';
import { lackingModels } from '../models/lacking-models.ts';
import { openMachine } from '../open-machine.ts';
import { type Parsed, parseCommandLine } from '../parse-command-line.ts';
import { prepare } from '../prepare.ts';

/** `./prepare-job.sh`: parse, prepare, print the id. */
export async function run(invocation: Invocation): Promise<number> {
  const flags = await parseCommandLine('prepare-job', invocation.args);
  if (flags === undefined) return 0;
  try {
    return await prepareAndTell(flags, invocation);
  } catch (error) {
    throw adviseFilm(error, { film: resolve(flags.media), args: invocation.args });
  }
}

async function prepareAndTell(flags: Parsed<'prepare-job'>, invocation: Invocation): Promise<number> {
  const { settings, projectDir } = invocation;
  const say = (text: string): void => void process.stderr.write(`${text}\n`);
  const offline = readOfflineFlag(flags.offline);
  const audioStream = flags['audio-stream'];
  const request = {
    media: flags.media,
    source: flags.source,
    targets: flags.target,
    dubInto: flags['dub-into'].length === 0 ? undefined : flags['dub-into'],
    startMs: flags.start === undefined ? undefined : parseTimeCode(flags.start),
    endMs: flags.end === undefined ? undefined : parseTimeCode(flags.end),
    audioStream: audioStream !== undefined && /^[0-9]+$/.test(audioStream) ? Number(audioStream) : audioStream,
    engines: flags.engine,
    settings: flags.set,
    voices: flags.voice,
    burnIn: flags['burn-in'],
    name: flags.name,
    commercial: flags.commercial,
    acceptDamaged: flags['accept-damaged'],
    offline,
  };
  const machine = await openMachine(settings, projectDir, offline);
  const { manifest, choices } = await prepare({
    workflow: flags.workflow,
    request,
    invocation,
    machine,
    onMessage: say,
  });
  const lacking = await lackingModels(Object.keys(manifest.lock.models), {
    registry: machine.registry(),
    places: { projectDir, roots: settings.roots },
  });
  if (flags.json) {
    const path = join(settings.roots.out, manifest.id, 'job.json');
    process.stdout.write(`${JSON.stringify({ id: manifest.id, manifest: path, choices, lackingModels: lacking })}\n`);
    return 0;
  }
  say(describeChoices(manifest, choices, lacking));
  process.stdout.write(`${manifest.id}\n`);
  return 0;
}
