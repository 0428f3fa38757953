import { afterEach, describe, expect, test, vi } from 'vitest';
import type { EnvironmentSpec } from '../contract/environment.ts';
import { installerVariables } from './installer-variables.ts';
import { workerArgv } from './launch.ts';
import { ATTEMPTS_VARIABLE, workerVariables } from './variables.ts';

const uv: EnvironmentSpec = {
  schema: 'environment/1',
  id: 'one',
  kind: 'uv',
  purpose: 'test',
  python: '3.11',
  locks: {},
  imports: [],
};
const node: EnvironmentSpec = { schema: 'environment/1', id: 'node', kind: 'node', purpose: 'test', packages: ['zod'] };
const roots = { environments: '/cache/environments', models: ['/models', '/more-models'] };
const variables = (spec: EnvironmentSpec) =>
  workerVariables({ spec, roots, scratch: '/scratch/w-1', threads: 3, projectDir: '/project' });

afterEach(() => vi.unstubAllEnvs());

describe('a worker', () => {
  test('inherits nothing from the user', () => {
    const before = variables(uv);
    for (const name of ['HF_TOKEN', 'AWS_SECRET_ACCESS_KEY', 'LD_PRELOAD', 'PYTHONPATH', 'HTTPS_PROXY', 'PATH', 'CI']) {
      vi.stubEnv(name, 'from-the-user');
    }
    expect(variables(uv)).toEqual(before);
    expect(JSON.stringify(before)).not.toContain('from-the-user');
  });

  test('finds the programs of its environment first', () => {
    expect(variables(uv).PATH).toMatch(/^\/cache\/environments\/one\/bin:.*\/usr\/bin:\/bin$/);
  });

  test('is told to stay offline and to send nothing home', () => {
    expect(variables(uv)).toMatchObject({
      HF_HUB_OFFLINE: '1',
      ORT_DISABLE_TELEMETRY: '1',
      DO_NOT_TRACK: '1',
      PYANNOTE_METRICS_ENABLED: '0',
      https_proxy: expect.stringMatching(/^http:\/\/127\.0\.0\.1:/),
      HF_ENDPOINT: expect.stringMatching(/^http:\/\/127\.0\.0\.1:/),
      HF_HUB_DISABLE_XET: '1',
      HF_HUB_DISABLE_UPDATE_CHECK: '1',
      HF_HUB_DISABLE_SHARED_BLOBS: '1',
      DISABLE_SAFETENSORS_CONVERSION: '1',
      WANDB_MODE: 'disabled',
      GRADIO_ANALYTICS_ENABLED: 'False',
    });
  });

  test('finds every kind of model in the store, and nowhere in the home of the user', () => {
    const { HF_HOME, HF_HUB_CACHE, TORCH_HOME, NLTK_DATA, TTS_HOME, CACHED_PATH_CACHE_ROOT } = variables(uv);
    for (const path of [HF_HOME, HF_HUB_CACHE, TORCH_HOME, NLTK_DATA, TTS_HOME, CACHED_PATH_CACHE_ROOT])
      expect(path).toMatch(/^\/models\//);
  });

  test('has a guard in Python that writes down what it refused, unless that is switched off', () => {
    expect(variables(uv)[ATTEMPTS_VARIABLE]).toMatch(/^\/scratch\/w-1\//);
    const off = workerVariables({ spec: uv, roots, scratch: '/s', threads: 1, projectDir: '/project', guard: false });
    expect(off).not.toHaveProperty(ATTEMPTS_VARIABLE);
  });

  test('has no variable that splits the model cache', () => {
    expect(variables(uv)).not.toHaveProperty('TRANSFORMERS_CACHE');
    expect(variables(uv)).not.toHaveProperty('MLX_CACHE_DIR');
  });

  test('writes only into its scratch folder', () => {
    const { HOME, TMPDIR, XDG_CACHE_HOME, HF_MODULES_CACHE } = variables(uv);
    for (const path of [HOME, TMPDIR, XDG_CACHE_HOME, HF_MODULES_CACHE]) expect(path).toMatch(/^\/scratch\/w-1/);
  });

  test('gets as many threads as it was granted, and the worker library', () => {
    expect(variables(uv)).toMatchObject({ OMP_NUM_THREADS: '3', PYTHONPATH: '/project/shared/worker' });
  });

  test('in Python is started by the interpreter of its environment, without the packages of the user', () => {
    const argv = workerArgv({ spec: uv, roots, workerPath: '/project/worker.py' });
    expect(argv).toEqual(['/cache/environments/one/bin/python', '-s', '-B', '/project/worker.py']);
  });

  test('in TypeScript is started by the Node that runs now, whatever its environment', () => {
    for (const spec of [uv, node]) {
      expect(workerArgv({ spec, roots, workerPath: '/project/worker.ts' })).toEqual([
        process.execPath,
        '/project/worker.ts',
      ]);
    }
  });
});

describe('an installer', () => {
  test('keeps what it needs to reach an index, and no secret of another program', () => {
    const env = installerVariables(
      {
        PATH: '/usr/bin',
        HTTPS_PROXY: 'p',
        SSL_CERT_FILE: 'c',
        PIP_CERT: 'd',
        UV_INDEX_URL: 'u',
        HF_TOKEN: 't',
        AWS_KEY: 'k',
      },
      '/packages',
    );
    expect(env).toMatchObject({
      PATH: '/usr/bin',
      HTTPS_PROXY: 'p',
      SSL_CERT_FILE: 'c',
      PIP_CERT: 'd',
      UV_INDEX_URL: 'u',
    });
    expect(Object.keys(env).filter((name) => /TOKEN|AWS/.test(name))).toEqual([]);
  });

  test('is not sent elsewhere by settings of the user, and caches where it is told', () => {
    const env = installerVariables(
      { PIP_TARGET: '/x', PIP_USER: '1', UV_CACHE_DIR: '/y', VIRTUAL_ENV: '/z' },
      '/packages',
    );
    expect(env).toMatchObject({
      UV_CACHE_DIR: '/packages/uv',
      PIP_CACHE_DIR: '/packages/pip',
      UV_PYTHON_DOWNLOADS: 'never',
    });
    for (const name of ['PIP_TARGET', 'PIP_USER', 'VIRTUAL_ENV']) expect(env).not.toHaveProperty(name);
  });
});
