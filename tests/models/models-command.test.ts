import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { StoreAudit } from '../../shared/contract/model-audit.ts';
import { sha256Hex } from '../../shared/util/digest.ts';
import { startHubServer } from '../helpers/hub-server.ts';
import { makeWorkspace, type Workspace } from '../helpers/workspace.ts';

const REVISION = 'ab'.repeat(20);
const TALK = { 'model.bin': 'weights of the recogniser', 'config.json': '{"a":1}' };
const WORDS = { 'tokenizer.json': '{"words":[]}' };

let place: Workspace;
const local = (): readonly string[] => ['--root', `local=${join(place.dir, 'local')}`];
const models = (...args: readonly string[]) => place.run('models', ...local(), ...args);

/** A user's own entry for a hub repository `test/<name>`, all digests known. */
function entry(id: string, files: Readonly<Record<string, string>>, more: object = {}): void {
  const name = id.split('.').at(-1) ?? id;
  write(join(place.dir, 'local/models', `${id}.json`), {
    schema: 'model/1',
    id,
    role: id.split('.')[0],
    purpose: `Model ${name}`,
    engines: ['whisperx'],
    source: { type: 'hub', repo: `test/${name}`, revision: REVISION },
    files: Object.entries(files).map(([path, text]) => ({
      path,
      bytes: text.length,
      sha256: sha256Hex(text),
      kind: path.includes('token') ? 'tokenizer' : path.endsWith('.bin') ? 'weights' : 'config',
    })),
    licence: { id: 'MIT', commercial: 'yes' },
    ...more,
  });
}

function write(path: string, content: string | object): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
}

const snapshot = (root: string, name: string): string =>
  join(root, 'huggingface/hub', `models--test--${name}`, 'snapshots', REVISION);

function put(dir: string, files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) write(join(dir, path), text);
}

const store = (): string => join(place.dir, 'models');

beforeEach(() => {
  place = makeWorkspace();
  entry('support.test.words', WORDS, { licence: { id: 'none', commercial: 'no' } });
  entry('asr.test.talk', TALK, { requires: ['support.test.words'] });
});
afterEach(() => rmSync(place.dir, { recursive: true, force: true }));

const fill = (): void => {
  put(snapshot(store(), 'talk'), TALK);
  put(snapshot(store(), 'words'), WORDS);
};

describe('the commands of the model store', () => {
  test('are listed when none is named, and a mistyped one is refused with the nearest', async () => {
    const [help, wrong, flag] = await Promise.all([models(), models('audits'), models('list', '--rol', 'asr')]);
    expect(help.code).toBe(0);
    for (const name of ['list', 'show', 'audit', 'verify', 'lock', 'import', 'export', 'serve', 'adopt', 'gc', 'add'])
      expect(help.stdout).toContain(`./babelreel.sh models ${name}`);
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toContain('Did you mean audit?');
    expect(flag.code).toBe(2);
    expect(flag.stderr).toContain('Did you mean --role?');
  });

  test('list every model under its role with size, state and licence', async () => {
    fill();
    const [text, json] = await Promise.all([models('list', '--role', 'support'), models('list', '--json')]);
    expect(text.stdout).toMatch(/^support\n(.*\n)*.*✓ {2}support\.test\.words +12 B \/ 12 B +complete-unverified/m);
    expect(text.stdout).toContain('none (not commercial)');
    const listed = (JSON.parse(json.stdout) as { models: { id: string; state: string; at: string | null }[] }).models;
    expect(listed.find(({ id }) => id === 'asr.test.talk')).toMatchObject({
      state: 'complete-unverified',
      at: snapshot(store(), 'talk'),
    });
    // The project's own models are there as well, those of which nothing is stored without a place.
    expect(listed.filter(({ id }) => !id.includes('.test.')).length).toBeGreaterThan(20);
    expect(listed.find(({ id }) => id === 'asr.faster-whisper.tiny')).toMatchObject({ state: 'missing', at: null });
  });

  test('show one model with its files, what it requires and the job that needs it', async () => {
    fill();
    rmSync(join(snapshot(store(), 'talk'), 'config.json'));
    write(join(place.dir, 'out/film-1/job.json'), { lock: { engines: { 'asr/x': { models: ['asr.test.talk'] } } } });
    const [text, json, unknown] = await Promise.all([
      models('show', 'asr.test.talk'),
      models('show', 'asr.test.talk', '--json'),
      models('show', 'asr.test.talks'),
    ]);
    expect(text.code).toBe(0);
    expect(text.stdout).toContain(`hub test/talk, revision ${REVISION}`);
    expect(text.stdout).toMatch(/✓ {2}unverified {2}weights +25 B \/ 25 B +[0-9a-f]{12} {2}model\.bin/);
    expect(text.stdout).toMatch(/- {2}missing +config +7 B/);
    expect(text.stdout).toMatch(/jobs +film-1/);
    expect(text.stdout).toMatch(/Requires.*:\n.*support\.test\.words/);
    expect(JSON.parse(json.stdout)).toMatchObject({
      state: 'partial',
      why: 'config missing',
      neededBy: { jobs: ['film-1'] },
      closure: [{ id: 'support.test.words', state: 'complete-unverified' }],
    });
    expect(unknown.code).toBe(2);
    expect(unknown.stderr).toContain('Did you mean asr.test.talk?');
  });
});

describe('models audit', () => {
  test('answers yes when the model and all it requires are there', async () => {
    fill();
    const audit = await models('audit', '--model', 'asr.test.talk', '--quota', '0.001');
    expect(audit.stdout.trimEnd().split('\n').at(-1)).toBe('everything stored: yes, 2 of 2');
    expect(audit.code).toBe(0);
    expect(audit.stdout).toContain('of 1.00 MB / 976.56 KiB (quota)');
    expect(audit.stdout).toContain('not for commercial use: support.test.words');
  });

  test('names the kind that is missing and who needs it, and the command that brings it', async () => {
    fill();
    entry('support.test.words', { ...WORDS, 'config.json': '{}' });
    put(snapshot(store(), 'words'), { 'config.json': '{}' });
    rmSync(join(snapshot(store(), 'words'), 'tokenizer.json'));
    const [text, json] = await Promise.all([
      models('audit', '--model', 'asr.test.talk'),
      models('audit', '--model', 'asr.test.talk', '--json'),
    ]);
    expect(text.code).toBe(6);
    expect(text.stdout).toContain('tokenizer of support.test.words missing; needed by asr.test.talk');
    expect(text.stdout).toContain('./cache-models.sh --model asr.test.talk\n');
    expect(text.stdout.trimEnd().split('\n').at(-1)).toBe('everything stored: no, 0 of 2');
    const audit = JSON.parse(json.stdout) as StoreAudit;
    expect(json.code).toBe(6);
    expect(audit.store.additionalBytes).toBe(12);
    expect(audit.models.map(({ id, state }) => `${id} ${state}`).sort()).toEqual([
      'asr.test.talk partial',
      'support.test.words partial',
    ]);
  });

  test('counts what a job needs and what is partly there, and not the rest of the registry', async () => {
    put(snapshot(store(), 'words'), WORDS);
    write(join(place.dir, 'out/film-1/job.json'), { lock: { engines: { 'asr/x': { models: ['asr.test.talk'] } } } });
    const [plain, all] = await Promise.all([models('audit'), models('audit', '--all')]);
    expect(plain.code).toBe(6);
    expect(plain.stdout).toMatch(/- {2}missing +asr\.test\.talk/);
    expect(plain.stdout).toMatch(/✓ {2}complete-unverified +support\.test\.words/);
    expect(plain.stdout).toContain('film-1 lacks asr.test.talk');
    expect(plain.stdout).not.toContain('animate.multitalk');
    expect(all.stdout).toMatch(/not stored +.*\n?.*animate\.multitalk/);
  });

  test('finds one changed byte when every digest is compared, and only then', async () => {
    fill();
    write(join(snapshot(store(), 'talk'), 'model.bin'), TALK['model.bin'].replace('w', 'W'));
    const [quick, deep, verified] = await Promise.all([
      models('audit', '--model', 'asr.test.talk'),
      models('audit', '--model', 'asr.test.talk', '--deep'),
      models('verify', 'asr.test.talk', 'support.test.words'),
    ]);
    expect(quick.code).toBe(0);
    expect(deep.code).toBe(6);
    expect(deep.stdout).toContain('weights (model.bin) damaged');
    expect(deep.stdout).toContain('./cache-models.sh --model asr.test.talk --repair');
    expect(verified.code).toBe(6);
    expect(verified.stdout).toContain('verified: 1 of 2;');
    write(join(snapshot(store(), 'talk'), 'model.bin'), TALK['model.bin']);
    const again = await models('verify', 'asr.test.talk', '--json');
    expect(again.code).toBe(0);
    expect(JSON.parse(again.stdout)).toMatchObject({ models: [{ id: 'asr.test.talk', state: 'complete' }] });
  });

  test("of somebody's folder says whether it could run offline", async () => {
    const folder = join(place.dir, 'volume');
    put(join(folder, 'talk'), TALK);
    put(join(folder, 'other'), { 'pytorch_model.bin': 'x'.repeat(100) });
    const half = await models('audit', '--root', folder, '--model', 'asr.test.talk');
    expect(half.code).toBe(6);
    expect(half.stdout).toContain('could run offline: no');
    expect(half.stdout).toMatch(/not needed +100 B/);
    put(join(folder, 'words'), WORDS);
    const whole = await models('audit', `--root=${folder}`, '--model', 'asr.test.talk');
    expect(whole.stdout).toContain('could run offline: yes, asr.test.talk');
    expect(whole.code).toBe(0);
    expect(existsSync(store())).toBe(false);
  });

  test('works where digests cannot be remembered, and says so', async () => {
    fill();
    // Nobody can make a folder there, root neither.
    const audit = await models('audit', '--model', 'asr.test.talk', '--deep', '--root', 'state=/sys/babelreel');
    expect(audit.stderr).toContain('Digests are not remembered');
    expect(audit.code).toBe(0);
  });

  test('names the entry that contradicts itself', async () => {
    entry('asr.test.talk', TALK, { requires: ['support.test.gone'] });
    entry('support.test.words', {}, { files: [] });
    const audit = await models('audit');
    expect(audit.code).toBe(2);
    expect(audit.stderr).toContain(join(place.dir, 'local/models/support.test.words.json'));
    expect(audit.stderr).toContain('It has no files.');
  });
});

describe('models go out and in', () => {
  test('as an archive that another store imports, verified', async () => {
    fill();
    const tar = join(place.dir, 'models.tar');
    const sent = await models('export', 'asr.test.talk', '--to', tar);
    expect(sent.code, sent.stderr).toBe(0);
    expect(sent.stdout).toContain(`./babelreel.sh models import ${tar}`);
    const [taken, again] = await Promise.all([
      models('import', tar, '--root', `models=${join(place.dir, 'second')}`),
      models('export', 'asr.test.talk', '--to', tar),
    ]);
    expect(taken.code, taken.stderr).toBe(0);
    expect(taken.stdout).toContain('2 of 2 models complete');
    expect(readFileSync(join(snapshot(join(place.dir, 'second'), 'talk'), 'model.bin'), 'utf8')).toBe(
      TALK['model.bin'],
    );
    expect(again.code).toBe(2);
  });

  test('by adopting a folder without a second copy, which stays as it is', async () => {
    const folder = join(place.dir, 'volume');
    put(join(folder, 'talk'), TALK);
    const adopted = await models('adopt', '--root', folder, '--model', 'asr.test.talk');
    // What it requires was not there.
    expect(adopted.code).toBe(6);
    expect(adopted.stdout).toMatch(/✓ {2}asr\.test\.talk +2 files taken/);
    expect(adopted.stdout).toContain('not found: tokenizer.json');
    expect(statSync(join(snapshot(store(), 'talk'), 'model.bin')).ino).toBe(
      statSync(join(folder, 'talk/model.bin')).ino,
    );
  });

  test('by adding a folder of one’s own, which is then stored, or a repository, which is fetched later', async () => {
    const folder = join(place.dir, 'mine');
    put(folder, { 'model.bin': 'mine', 'config.json': '{}' });
    const added = await models('add', folder, '--role', 'asr', '--engine', 'whisperx', '--id', 'asr.mine');
    expect(added.code, added.stderr).toBe(0);
    rmSync(folder, { recursive: true });
    const [audit, repo, taken] = await Promise.all([
      models('audit', '--model', 'asr.mine', '--deep'),
      models('add', 'org/name', '--role', 'asr', '--engine', 'faster-whisper', '--json'),
      models('add', 'org/name', '--role', 'ars', '--engine', 'faster-whisper'),
    ]);
    expect(audit.code, audit.stdout).toBe(0);
    expect(JSON.parse(repo.stdout)).toMatchObject({ locked: false, stored: null });
    expect(taken.code).toBe(2);
    expect(taken.stderr).toContain('Did you mean asr?');
  });

  test('by a lock first, learned from a hub: what cannot be learned does not stop the rest', async () => {
    await using hub = await startHubServer({
      repos: [{ repo: 'test/open', revision: REVISION, files: { 'model.bin': Buffer.from('open weights') } }],
    });
    const source = (name: string): object => ({
      source: { type: 'hub', repo: `test/${name}`, allow: ['*.bin'] },
      files: [],
    });
    entry('asr.test.open', {}, source('open'));
    entry('asr.test.gone', {}, source('gone'));
    Object.assign(place.env, { BABELREEL_MODELS_ENDPOINTS: hub.url });
    const locked = await models('lock', 'asr.test.gone', 'asr.test.open', 'asr.test.talk');
    expect(locked.code, locked.stderr).toBe(6);
    expect(locked.stdout).toMatch(/✗ {2}asr\.test\.gone +failed/);
    expect(locked.stdout).toMatch(/✓ {2}asr\.test\.open +locked +abababababab {2}1 files?, 12 B/);
    expect(locked.stdout).toMatch(/✓ {2}asr\.test\.talk +was locked/);
    const audit = await models('audit', '--model', 'asr.test.open', '--json');
    expect((JSON.parse(audit.stdout) as StoreAudit).store.additionalBytes).toBe(12);
  });

  test('by removal: a dry run changes nothing, and what no model needs goes', async () => {
    fill();
    const part = join(store(), 'incoming', `${'0'.repeat(64)}.part`);
    write(part, 'half of something');
    const dry = await models('gc', '--dry-run');
    expect(dry.stdout).toContain(part);
    expect(existsSync(part)).toBe(true);
    const gone = await models('gc', '--remove', 'asr.test.talk', '--json');
    expect(gone.code, gone.stderr).toBe(0);
    expect(existsSync(part)).toBe(false);
    expect(existsSync(join(snapshot(store(), 'talk'), 'model.bin'))).toBe(false);
    expect(existsSync(join(snapshot(store(), 'words'), 'tokenizer.json'))).toBe(true);
  });

  test('by a server that Ctrl-C ends properly', async () => {
    fill();
    const port = await freePort();
    let text = '';
    const served = await place.start(['models', 'serve', ...local(), '--port', String(port), '--json'], (pid) => {
      void fetchWhenUp(`http://127.0.0.1:${port}/test/talk/resolve/${REVISION}/model.bin`).then((body) => {
        text = body;
        process.kill(pid, 'SIGINT');
      });
    });
    expect(served.code, served.stderr).toBe(0);
    expect(text).toBe(TALK['model.bin']);
    const { models: names } = JSON.parse(served.stdout) as { models: readonly string[] };
    expect([...names].sort()).toEqual(['asr.test.talk', 'support.test.words']);
  });
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

async function fetchWhenUp(url: string): Promise<string> {
  for (let tries = 0; tries < 200; tries += 1) {
    try {
      return await (await fetch(url)).text();
    } catch {
      await sleep(50);
    }
  }
  return 'nobody listened';
}

test('an import answers for every model that was asked for, also for those it cannot vouch for', async () => {
  const files = [{ path: 'model.bin', kind: 'weights' }];
  entry('asr.test.open', {}, { source: { type: 'hub', repo: 'test/open' }, files });
  const usb = join(place.dir, 'usb');
  put(join(usb, 'open'), { 'model.bin': 'some weights' });
  put(join(usb, 'talk'), TALK);
  put(join(usb, 'words'), WORDS);
  const asked = ['asr.test.talk', 'asr.test.open', 'vad.silero.v6'];
  const flags = asked.flatMap((id) => ['--model', id]);
  const { code, stdout, stderr } = await place.run('cache-models', ...flags, '--import', usb);
  expect(code).toBe(6);
  expect(stdout).toMatch(/✓ {2}asr\.test\.talk +imported/);
  expect(stdout).toMatch(/✓ {2}vad\.silero\.v6 +stored already/);
  expect(stdout).toMatch(/✗ {2}asr\.test\.open +failed/);
  expect(stdout.trimEnd().endsWith('everything stored: no, 3 of 4')).toBe(true);
  expect(stderr).toContain('the digests of asr.test.open are not known yet');
});
