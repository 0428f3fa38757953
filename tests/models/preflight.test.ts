import { execFile } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeShortFilm } from '../fault/short-film.ts';
import { type HubServer, sha256, startHubServer } from '../helpers/hub-server.ts';
import { makeWorkspace, PROJECT_DIR, type Workspace } from '../helpers/workspace.ts';
import { listSilero, readSilero, SILERO, SILERO_REVISION } from './silero-on-hub.ts';

const execute = promisify(execFile);

describe('a run whose model is on a hub', () => {
  let hub: HubServer;
  let space: Workspace;
  let job: string;
  const { file, weights, repo } = readSilero();

  beforeAll(async () => {
    hub = await startHubServer({ repos: [repo] });
    space = makeWorkspace({ HF_ENDPOINT: hub.url });
    listSilero(space.dir);
    job = await space.prepare('--media', await makeShortFilm(space, 6), '--workflow', 'transcribe', '-s', 'en');
  }, 60_000);
  afterAll(async () => {
    await hub.close();
    rmSync(space.dir, { recursive: true, force: true });
  });

  it('is told at preparing what is missing and how it comes', async () => {
    const { stdout, stderr } = await space.run(
      'prepare-job',
      '--media',
      await filmOf(),
      '--workflow',
      'transcribe',
      '-s',
      'en',
    );
    expect(stderr).toContain(`models that are not here: ${SILERO} (2.3 MB)`);
    expect(stderr).toContain(`First:  ./cache-models.sh --for-job ${stdout.trim()}`);
  });

  const filmOf = async (): Promise<string> =>
    (JSON.parse(readFileSync(join(space.dir, 'out', job, 'job.json'), 'utf8')) as { media: { path: string } }).media
      .path;

  it('ends before its first stage without a terminal, fetching nothing', async () => {
    const { code, stderr } = await space.run('run-pipeline', '-j', job);
    expect(code).toBe(6);
    expect(stderr).toContain(`${SILERO}: 2.3 MB to fetch. Nobody can be asked here`);
    expect(stderr).toContain(`./cache-models.sh --for-job ${job}`);
    expect(stderr).toContain('ERR_MODEL_MISSING (exit 6)');
    expect(space.events(job).map(({ type }) => type)).not.toContain('stage.start');
    expect(hub.gets(file.path)).toEqual([]);
  });

  it('fetches nothing offline, even when it is told to', async () => {
    const { code, stderr } = await space.run('run-pipeline', '-j', job, '--offline', '--download-models');
    expect(code).toBe(6);
    expect(stderr).toContain('The network is off for this run.');
    expect(hub.gets(file.path)).toEqual([]);
  });

  it('leaves no model behind when the server lies, and starts no stage', async () => {
    hub.lie(file.path, { kind: 'wrong-bytes' }, 5);
    const { code, stderr } = await space.run('run-pipeline', '-j', job, '--download-models');
    expect(code).toBe(6);
    expect(stderr).toContain('ERR_MODEL_SOURCE');
    expect(space.events(job).map(({ type }) => type)).not.toContain('stage.start');
    hub.reset();
  });

  it('fetches it when it may, verified, and the engine works with it', async () => {
    const { code, stderr } = await space.run('run-pipeline', '-j', job, '--download-models');
    expect(stderr).toContain(`⚠️  First run: downloads 2.3 MB (~1 min): ${SILERO}`);
    expect(code).toBe(0);
    expect(hub.gets(file.path)).toHaveLength(1);
    const stored = join(space.dir, 'models/huggingface/hub/models--test--silero/snapshots', SILERO_REVISION, file.path);
    expect(sha256(readFileSync(stored))).toBe(file.sha256);
    const manifest = JSON.parse(readFileSync(join(space.dir, 'out', job, 'job.json'), 'utf8')) as {
      lock: { models: Record<string, { revision: string | null }> };
    };
    expect(manifest.lock.models[SILERO]?.revision).toBe(SILERO_REVISION);
  });

  it('then runs with the network cut, with every memory of results gone', async () => {
    rmSync(join(space.dir, 'tasks'), { recursive: true });
    const events = space.events(job).length;
    const { code } = await space.run('run-pipeline', '-j', job, '--offline', '--force');
    expect(code).toBe(0);
    const later = space.events(job).slice(events);
    expect(later.some((event) => event.type === 'worker.start' && event.engine === 'vad/silero')).toBe(true);
    expect(hub.gets(file.path)).toHaveLength(1);
  });

  it('runs from a store that cannot be written, and a download into it is refused at once', async () => {
    const models = join(space.dir, 'models');
    const readOnly = 'mount --bind "$1" "$1" && mount -o remount,ro,bind "$1" && shift && exec "$@"';
    const privately = [process.getuid?.() === 0 ? '-m' : '-rm', '--', 'sh', '-c', readOnly, 'sh', models];
    const run = (...args: readonly string[]) =>
      execute('unshare', [...privately, process.execPath, join(PROJECT_DIR, 'scripts/start.mjs'), ...args], {
        env: space.env,
        cwd: space.dir,
      }).catch((error: { readonly code: number; readonly stderr: string }) => error);
    expect(await run('run-pipeline', '-j', job, '--force')).not.toHaveProperty('code');
    const refused = await run('cache-models', '--model', 'asr.faster-whisper.tiny');
    expect(refused).toMatchObject({ code: 9, stderr: expect.stringContaining('ERR_NOT_WRITABLE') });
    expect(hub.requests.filter(({ path }) => path.includes('faster-whisper'))).toEqual([]);
  });

  it('refuses a model that was damaged since, naming the command that repairs it', async () => {
    const blob = join(space.dir, 'models/huggingface/hub/models--test--silero/blobs', file.sha256 ?? '');
    const damaged = Buffer.from(weights);
    damaged[1000] = (damaged[1000] ?? 0) ^ 1;
    // As a disk or a stray program would do it: the name stays, the bytes do not.
    rmSync(blob);
    writeFileSync(blob, damaged);
    const { code, stderr } = await space.run('run-pipeline', '-j', job, '--force');
    expect(code).toBe(6);
    expect(stderr).toContain('ERR_MODEL_CORRUPT');
    expect(stderr).toContain(`./cache-models.sh --model ${SILERO} --repair`);
    const repaired = await space.run('cache-models', '--model', SILERO, '--repair');
    expect(repaired.code).toBe(0);
    expect(sha256(readFileSync(blob))).toBe(file.sha256);
    expect((await space.run('run-pipeline', '-j', job, '--force')).code).toBe(0);
  });

  it('locks an entry that knows no digest by its first download, and remembers nothing under an unknown one', async () => {
    const { bytes: _, sha256: __, ...unknown } = file;
    listSilero(space.dir, { source: { type: 'hub', repo: repo.repo }, files: [unknown] });
    const other = await space.prepare('--media', await filmOf(), '--workflow', 'transcribe', '-s', 'en');
    const manifest = JSON.parse(readFileSync(join(space.dir, 'out', other, 'job.json'), 'utf8')) as {
      lock: { models: Record<string, { digest: string | null }> };
    };
    expect(manifest.lock.models[SILERO]?.digest).toBeNull();
    const first = await space.run('run-pipeline', '-j', other, '--yes');
    expect(first.stderr).toContain('First run: downloads an unknown amount');
    expect(first.code).toBe(0);
    expect(readFileSync(join(space.dir, 'local/models.lock.json'), 'utf8')).toContain(file.sha256);
    const second = await space.run('run-pipeline', '-j', other, '--json');
    expect(second.code).toBe(0);
    expect(JSON.parse(second.stdout)).toMatchObject({ ran: [] });
  });
});
