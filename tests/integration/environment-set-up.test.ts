import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ensureEnvironment } from '../../shared/environment/ensure.ts';
import { findPython } from '../../shared/environment/find-python.ts';
import { findUv } from '../../shared/environment/find-uv.ts';
import { installerVariables } from '../../shared/environment/installer-variables.ts';
import { loadEnvironmentSpecs } from '../../shared/environment/specs.ts';
import { environmentState } from '../../shared/environment/state.ts';
import { spawnGroup } from '../../shared/process/spawn-group.ts';
import { resolveSettings } from '../../shared/util/settings.ts';

/**
 * A small environment of one pinned package is set up in a folder of its own. uv and the installers' caches are those of the project, so
 * that the network is used once at most; only the test that damages a file has a cache of its own, for uv links files from there.
 */
const projectDir = resolve(import.meta.dirname, '../..');
const config = JSON.parse(readFileSync(join(projectDir, 'config/default.json'), 'utf8'));
const { roots } = resolveSettings(config, process.env, projectDir);
const PACKAGE = 'pycparser';

/** The rows of one package in a lock of the project. */
function lockRows(name: string): string {
  const lock = readFileSync(join(projectDir, 'config/environments/pocketsphinx/linux-x64-cpu.lock'), 'utf8');
  return new RegExp(`^${name}==(.*\\\\\\n)+.*\\n`, 'm').exec(lock)?.[0] ?? '';
}

describe('setting up a Python environment', () => {
  let root: string;
  let python: string;
  let packages: string;
  let uv: { readonly BABELREEL_UV: string };
  const moduleFile = () => join(root, 'environments/small/lib/python3.11/site-packages/pycparser/c_ast.py');

  const options = (env: Readonly<Record<string, string>>) => ({
    table: loadEnvironmentSpecs(join(root, 'config')),
    places: { projectDir, roots: { environments: join(root, 'environments'), packages } },
    env: { ...process.env, ...env },
  });
  const ensure = async (env: Readonly<Record<string, string>> = uv, more: object = {}) => {
    const messages: string[] = [];
    const onMessage = (text: string) => void messages.push(text);
    return { ...(await ensureEnvironment('small', { ...options(env), onMessage, ...more })), messages };
  };
  const state = () => {
    const { table, places } = options(uv);
    const loaded = table.get('small');
    if (loaded === undefined) throw new Error('no environment');
    return environmentState(loaded, places).state;
  };
  const leftovers = () => readdirSync(join(root, 'environments')).filter((name) => name !== 'small' && name !== '.uv');

  /** The same set-up in another process, which prints its outcome. */
  const ensureElsewhere = () => {
    const { places } = options(uv);
    const script = [
      `import { ensureEnvironment } from ${JSON.stringify(join(projectDir, 'shared/environment/ensure.ts'))};`,
      `import { loadEnvironmentSpecs } from ${JSON.stringify(join(projectDir, 'shared/environment/specs.ts'))};`,
      `const table = loadEnvironmentSpecs(${JSON.stringify(join(root, 'config'))});`,
      `const { made } = await ensureEnvironment('small', { table, places: ${JSON.stringify(places)} });`,
      'process.stdout.write(String(made));',
    ].join('\n');
    const env = { ...process.env, ...uv } as Record<string, string>;
    return spawnGroup({
      argv: [process.execPath, '--input-type=module', '-e', script],
      cwd: root,
      env,
      stdout: 'pipe',
    });
  };

  beforeAll(async () => {
    const env = installerVariables(process.env, roots.packages);
    const base = await findPython('3.11', env);
    const places = { projectDir, roots };
    const path = await findUv({ places, python: base, env, offline: false, onMessage: () => {} });
    if (path === null) throw new Error('no uv');
    uv = { BABELREEL_UV: path };
  });

  beforeEach(() => {
    packages = roots.packages;
    root = mkdtempSync(join(tmpdir(), 'set-up-'));
    python = join(root, 'environments/small/bin/python');
    const dir = join(root, 'config/environments/small');
    mkdirSync(dir, { recursive: true });
    writeFileSync(join(dir, 'cpu.lock'), lockRows(PACKAGE));
    const spec = {
      schema: 'environment/1',
      id: 'small',
      kind: 'uv',
      purpose: 'test',
      python: '3.11',
      locks: { [`${process.platform}-${process.arch}-cpu`]: 'cpu.lock' },
      imports: [PACKAGE],
    };
    writeFileSync(join(dir, 'environment.json'), JSON.stringify(spec));
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  test('makes it once, says so at once, and a second time starts nothing', async () => {
    const first = await ensure();
    expect(first).toMatchObject({ was: 'missing', made: true });
    expect(first.messages[0]).toBe('making environment small (Python 3.11, 1 package)…');
    expect(existsSync(python)).toBe(true);
    expect(leftovers()).toEqual([]);

    // With no installer and no Python to be found a set-up that starts either would fail.
    const second = await ensure({ PATH: '/nowhere', BABELREEL_UV: 'none', BABELREEL_PYTHON: '/nowhere' });
    expect(second).toMatchObject({ was: 'ready', made: false, messages: [], identity: first.identity });
  });

  test('repairs a deleted file from the cache, with the network forbidden', async () => {
    await ensure();
    rmSync(moduleFile());
    const repaired = await ensure(uv, { offline: true });
    expect(repaired).toMatchObject({ was: 'broken', made: true });
    expect(repaired.messages[0]).toContain('c_ast.py is gone');
    expect(existsSync(moduleFile())).toBe(true);
  });

  test('does not take a damaged file back from the cache', async () => {
    packages = join(root, 'packages');
    await ensure();
    // uv links files, so this damages the cache as well.
    truncateSync(moduleFile(), 10);
    expect(state()).toBe('broken');
    await ensure();
    expect(readFileSync(moduleFile()).length).toBeGreaterThan(1_000);
  });

  test('notices a file with other bytes of the same size when asked to look deeply', async () => {
    await ensure();
    const text = readFileSync(moduleFile(), 'utf8');
    rmSync(moduleFile());
    writeFileSync(moduleFile(), text.replace('class', 'klass'));
    expect(await ensure()).toMatchObject({ made: false });
    expect(await ensure(uv, { deep: true })).toMatchObject({ was: 'broken', made: true });
    expect(readFileSync(moduleFile(), 'utf8')).toBe(text);
  });

  test('makes it anew when its lock changes', async () => {
    await ensure();
    const lock = join(root, 'config/environments/small/cpu.lock');
    writeFileSync(lock, lockRows('cffi') + lockRows(PACKAGE));
    expect(await ensure()).toMatchObject({ was: 'outdated', made: true });
    expect(existsSync(join(root, 'environments/small/lib/python3.11/site-packages/cffi'))).toBe(true);
  });

  test('does one install when two processes want it at once', async () => {
    const outputs = await Promise.all(
      [ensureElsewhere(), ensureElsewhere()].map(async (child) => {
        let text = '';
        child.stdout?.on('data', (chunk: Uint8Array) => {
          text += Buffer.from(chunk).toString();
        });
        const { code } = await child.drained;
        expect({ code, stderr: code === 0 ? [] : child.stderrTail() }).toEqual({ code: 0, stderr: [] });
        return text;
      }),
    );
    expect(outputs.sort()).toEqual(['false', 'true']);
  });

  test('repairs by itself what a killed set-up left', async () => {
    await using child = ensureElsewhere();
    const environments = join(root, 'environments');
    const started = () =>
      existsSync(environments) && readdirSync(environments).some((name) => name.startsWith('.incoming-small'));
    await expect.poll(started, { timeout: 20_000, interval: 5 }).toBe(true);
    child.kill('kill');
    await child.exited;
    expect(state()).toBe('missing');
    expect(leftovers().length).toBeGreaterThan(0);
    expect(await ensure()).toMatchObject({ made: true });
    expect(leftovers()).toEqual([]);
  });

  test('refuses a package whose hash is not the one of the lock, and leaves what was there', async () => {
    await ensure();
    const lock = join(root, 'config/environments/small/cpu.lock');
    writeFileSync(lock, readFileSync(lock, 'utf8').replace(/sha256:[0-9a-f]{64}/g, `sha256:${'0'.repeat(64)}`));
    await expect(ensure()).rejects.toMatchObject({ code: 'ERR_ENVIRONMENT' });
    expect(existsSync(moduleFile())).toBe(true);
  });

  test('refuses an environment whose modules do not import', async () => {
    const file = join(root, 'config/environments/small/environment.json');
    const spec = JSON.parse(readFileSync(file, 'utf8'));
    writeFileSync(file, JSON.stringify({ ...spec, imports: ['no_such_module'] }));
    await expect(ensure()).rejects.toMatchObject({
      code: 'ERR_ENVIRONMENT',
      details: { why: expect.stringContaining('no_such_module') },
    });
    expect(state()).toBe('missing');
  });

  test('says which Pythons it found when the wanted one is not there', async () => {
    await expect(findPython('3.99', installerVariables(process.env, packages))).rejects.toMatchObject({
      code: 'ERR_ENVIRONMENT',
      details: {
        why: expect.stringMatching(/python3 \(3\.\d+\.\d+\)/),
        fix: [expect.stringContaining('python3.99'), expect.anything()],
      },
    });
  });

  test('does the same with pip where uv cannot be had', async () => {
    const outcome = await ensure({ BABELREEL_UV: 'none' });
    expect(outcome).toMatchObject({ was: 'missing', made: true });
    expect(await ensure()).toMatchObject({ made: false, identity: outcome.identity });
    const site = readdirSync(join(root, 'environments/small/lib/python3.11/site-packages'));
    expect(site.filter((name) => /^(pip|setuptools)/.test(name))).toEqual([]);
  });
});
