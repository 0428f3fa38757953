import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type AddEntryOptions, addEntry } from './add-entry.ts';
import { loadModels } from './load-models.ts';

describe("a user's own model", () => {
  let root: string;
  let dir: string;
  const localDir = () => join(root, 'local');
  const add = (options: Partial<AddEntryOptions>) =>
    addEntry({ target: 'org/Some-Model', role: 'asr', engine: 'faster-whisper', localDir: localDir(), ...options });
  const written = () => (readdirSync(root).includes('local') ? readdirSync(localDir(), { recursive: true }) : []);

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'add-'));
    dir = join(root, 'my voice');
    mkdirSync(join(dir, 'sub'), { recursive: true });
    writeFileSync(join(dir, 'model.bin'), 'weights');
    writeFileSync(join(dir, 'sub/config.json'), '{}');
  });
  afterEach(() => rmSync(root, { recursive: true }));

  test('of a repository is unlocked, asks for what its engine needs, and loads', async () => {
    const { id, path, entry } = await add({});
    expect(id).toBe('asr.faster-whisper.some-model');
    expect(loadModels(localDir()).get(id)).toEqual(entry);
    expect(path).toBe(join(localDir(), 'models', `${id}.json`));
    expect(entry.source).toMatchObject({ type: 'hub', repo: 'org/Some-Model', branch: 'main' });
    expect(entry.files.map((file) => file.path)).toContain('model.bin');
    expect(entry.files.every(({ sha256 }) => sha256 === undefined)).toBe(true);
    expect(entry.licence).toEqual({ id: 'unstated', commercial: 'unstated' });
  });

  test('of a repository takes no pickles and no code unless they are asked for', async () => {
    const { entry } = await add({ engine: 'other' });
    if (entry.source.type !== 'hub') throw new Error('not a hub');
    expect(entry.source.allow).toContain('*.safetensors');
    expect(entry.source.allow.some((pattern) => /bin|pt$|py/.test(pattern))).toBe(false);
    const asked = await add({ engine: 'other', id: 'asr.asked', allow: ['*.bin'] });
    expect(asked.entry).toMatchObject({ files: [], source: { allow: ['*.bin'] } });
  });

  test.each([
    ['a commit', 'c'.repeat(40), { revision: 'c'.repeat(40) }],
    ['a branch', 'refs/pr/1', { branch: 'refs/pr/1' }],
  ])('of a repository at %s keeps it', async (_, revision, source) => {
    expect((await add({ target: `org/name@${revision}` })).entry.source).toMatchObject({ repo: 'org/name', ...source });
  });

  test('of a folder knows every file by size and digest, without names that start with a dot', async () => {
    mkdirSync(join(dir, '.git'));
    writeFileSync(join(dir, '.git/HEAD'), 'x');
    symlinkSync('../model.bin', join(dir, 'sub/same.bin'));
    const { id, entry } = await add({ target: dir, licence: 'Apache-2.0', purpose: 'my own' });
    const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
    expect(id).toBe('asr.faster-whisper.my-voice');
    expect(entry.source).toEqual({ type: 'local', folder: dir });
    expect(entry.files).toEqual([
      { path: 'model.bin', bytes: 7, sha256: sha256('weights'), kind: 'weights' },
      { path: 'sub/config.json', bytes: 2, sha256: sha256('{}'), kind: 'config' },
      { path: 'sub/same.bin', bytes: 7, sha256: sha256('weights'), kind: 'weights' },
    ]);
    expect(entry).toMatchObject({ purpose: 'my own', licence: { id: 'Apache-2.0', commercial: 'unstated' } });
    expect(loadModels(localDir()).get(id)).toEqual(entry);
  });

  test('that is a LoRA names and requires its base model', async () => {
    await expect(add({ role: 'lora' })).rejects.toMatchObject({ code: 'ERR_USAGE' });
    const { entry } = await add({ role: 'lora', lora: { base: 'support.wan', trigger: 'word', steps: null } });
    expect(entry).toMatchObject({ role: 'lora', requires: ['support.wan'], lora: { trigger: 'word' } });
  });

  test.each([
    ['a link that leads out', () => symlinkSync('/etc/passwd', join(dir, 'out')), /out is a link to .*outside/],
    ['a link that leads nowhere', () => symlinkSync('gone', join(dir, 'x')), /x is a link that leads nowhere/],
    ['a link to a folder', () => symlinkSync('sub', join(dir, 'x')), /x is a link to something that is no file/],
    ['empty weights', () => writeFileSync(join(dir, 'model.bin'), ''), /model\.bin has 0 bytes/],
    [
      'a pointer of git-lfs',
      () =>
        writeFileSync(
          join(dir, 'model.bin'),
          `version https://git-lfs.github.com/spec/v1\noid sha256:${'a'.repeat(64)}\nsize 7\n`,
        ),
      /pointer of git-lfs/,
    ],
  ])('of a folder with %s is refused by name', async (_, spoil, why) => {
    rmSync(join(dir, 'model.bin'));
    spoil();
    await expect(add({ target: dir })).rejects.toMatchObject({
      code: 'ERR_USAGE',
      details: { why: expect.stringMatching(why) },
    });
    expect(written()).toEqual([]);
  });

  test.each([
    ['an empty folder', { target: 'EMPTY' }, /no files/],
    ['a folder that is not there', { target: './not-there' }, /folder or as org\/name/],
    ['a file', { target: '/etc/hostname' }, /folder or as org\/name/],
    ['a word', { target: 'whisper' }, /not a repository/],
    ['a branch that leads out', { target: 'org/name@../../x' }, /no name of a branch/],
    ['an id that leads out', { id: '../../evil' }, /not a model id/],
    ['an engine that is no name', { engine: '../x' }, /small letters/],
    ['a role that is none', { role: 'asrr' }, /roles are/],
  ])('of %s is refused, and nothing is written', async (_, options, why) => {
    mkdirSync(join(root, 'EMPTY'));
    const given = 'target' in options && options.target === 'EMPTY' ? { target: join(root, 'EMPTY') } : options;
    await expect(add(given)).rejects.toMatchObject({ code: 'ERR_USAGE', details: { why: expect.stringMatching(why) } });
    expect(written()).toEqual([]);
  });

  test('does not take the id of another, be it of the project or written at the same moment', async () => {
    await expect(add({ taken: ['asr.faster-whisper.some-model'] })).rejects.toMatchObject({ code: 'ERR_USAGE' });
    const outcomes = await Promise.allSettled([add({ purpose: 'a' }), add({ purpose: 'b' }), add({ purpose: 'c' })]);
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(readdirSync(join(localDir(), 'models'))).toEqual(['asr.faster-whisper.some-model.json']);
  });

  test('is not added where the folder cannot be written', async () => {
    // Nobody makes folders here, root neither.
    const below = '/sys/kernel/babelreel-local';
    await expect(add({ localDir: below })).rejects.toMatchObject({ code: 'ERR_NOT_WRITABLE' });
  });
});
