import { dirname, join } from 'node:path';
import type { EnvironmentSpec } from '../contract/environment.ts';
import type { Roots } from '../util/settings.ts';
import { interpreterOf } from './places.ts';
import { SYSTEM_PATH } from './platform.ts';

export interface WorkerVariablesOptions {
  readonly spec: EnvironmentSpec;
  readonly roots: Pick<Roots, 'environments' | 'models'>;
  /** The worker's own folder, absolute and existing: home, temporary files and caches go there. */
  readonly scratch: string;
  /** Threads the worker was granted, at least 1. */
  readonly threads: number;
  readonly projectDir: string;
}

/** Port 9 (discard) on loopback: nobody listens there, so what honours a proxy fails at once instead of reaching a network. */
const CLOSED_PROXY = 'http://127.0.0.1:9';

const OFFLINE: Readonly<Record<string, string>> = {
  HF_HUB_OFFLINE: '1',
  TRANSFORMERS_OFFLINE: '1',
  HF_DATASETS_OFFLINE: '1',
  HF_HUB_DISABLE_TELEMETRY: '1',
  HF_HUB_DISABLE_PROGRESS_BARS: '1',
  DO_NOT_TRACK: '1',
  // onnxruntime's native telemetry listens to this variable only, and only before the start.
  ORT_DISABLE_TELEMETRY: '1',
  PYANNOTE_METRICS_ENABLED: '0',
  http_proxy: CLOSED_PROXY,
  https_proxy: CLOSED_PROXY,
  all_proxy: CLOSED_PROXY,
  HTTP_PROXY: CLOSED_PROXY,
  HTTPS_PROXY: CLOSED_PROXY,
  ALL_PROXY: CLOSED_PROXY,
};

const REPEATABLE: Readonly<Record<string, string>> = {
  LC_ALL: 'C.UTF-8',
  TZ: 'UTC',
  PYTHONHASHSEED: '0',
  PYTHONNOUSERSITE: '1',
  PYTHONDONTWRITEBYTECODE: '1',
  PYTHONUTF8: '1',
  TOKENIZERS_PARALLELISM: 'false',
};

const THREADS = [
  'OMP_NUM_THREADS',
  'OPENBLAS_NUM_THREADS',
  'MKL_NUM_THREADS',
  'NUMEXPR_NUM_THREADS',
  'VECLIB_MAXIMUM_THREADS',
  'RAYON_NUM_THREADS',
] as const;

function searchPath(spec: EnvironmentSpec, environments: string): string {
  const own = spec.kind === 'uv' ? [dirname(interpreterOf(environments, spec.id))] : [];
  return [...own, ...(spec.kind === 'node' ? [dirname(process.execPath)] : []), ...SYSTEM_PATH].join(':');
}

/**
 * All variables a worker is born with; nothing is inherited. TRANSFORMERS_CACHE and MLX_CACHE_DIR are left out on purpose: the first would
 * split the cache, nobody reads the second.
 */
export function workerVariables(options: WorkerVariablesOptions): Record<string, string> {
  const { spec, roots, scratch, threads, projectDir } = options;
  const models = roots.models[0];
  if (models === undefined) throw new TypeError('there is no model root');
  return {
    PATH: searchPath(spec, roots.environments),
    HOME: scratch,
    TMPDIR: scratch,
    XDG_CACHE_HOME: join(scratch, 'cache'),
    HF_MODULES_CACHE: join(scratch, 'modules'),
    HF_HOME: join(models, 'huggingface'),
    HF_HUB_CACHE: join(models, 'huggingface', 'hub'),
    TORCH_HOME: join(models, 'torch'),
    NLTK_DATA: join(models, 'nltk'),
    PYTHONPATH: join(projectDir, 'shared', 'worker'),
    ...OFFLINE,
    ...REPEATABLE,
    ...Object.fromEntries(THREADS.map((name) => [name, String(threads)])),
  };
}
