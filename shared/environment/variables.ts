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
  /** The Python guard refuses what would use a network and writes it down; true unless told. */
  readonly guard?: boolean;
}

/** Names the file to which the Python guard (shared/worker/sitecustomize.py) appends what it refused; without it the guard does nothing. */
export const ATTEMPTS_VARIABLE = 'BABELREEL_OFFLINE_ATTEMPTS';

/** Port 9 (discard) on loopback: nobody listens there, so what honours a proxy or this hub fails at once instead of reaching one. */
const DEAD_END = 'http://127.0.0.1:9';

const OFFLINE: Readonly<Record<string, string>> = {
  HF_HUB_OFFLINE: '1',
  TRANSFORMERS_OFFLINE: '1',
  HF_DATASETS_OFFLINE: '1',
  HF_HUB_DISABLE_TELEMETRY: '1',
  HF_HUB_DISABLE_PROGRESS_BARS: '1',
  HF_HUB_DISABLE_UPDATE_CHECK: '1',
  // Native code that no guard in Python sees, and caches outside the store.
  HF_HUB_DISABLE_XET: '1',
  HF_HUB_DISABLE_SHARED_BLOBS: '1',
  // Asks a service of the hub for another format of the weights, from a thread.
  DISABLE_SAFETENSORS_CONVERSION: '1',
  HF_ENDPOINT: DEAD_END,
  DO_NOT_TRACK: '1',
  DISABLE_TELEMETRY: '1',
  // onnxruntime's native telemetry listens to this variable only, and only before the start.
  ORT_DISABLE_TELEMETRY: '1',
  PYANNOTE_METRICS_ENABLED: '0',
  OTEL_SDK_DISABLED: 'true',
  WANDB_MODE: 'disabled',
  GRADIO_ANALYTICS_ENABLED: 'False',
  http_proxy: DEAD_END,
  https_proxy: DEAD_END,
  all_proxy: DEAD_END,
  HTTP_PROXY: DEAD_END,
  HTTPS_PROXY: DEAD_END,
  ALL_PROXY: DEAD_END,
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
    TTS_HOME: join(models, 'tts'),
    CACHED_PATH_CACHE_ROOT: join(models, 'cached_path'),
    PYTHONPATH: join(projectDir, 'shared', 'worker'),
    ...(options.guard === false ? {} : { [ATTEMPTS_VARIABLE]: join(scratch, 'network-attempts.jsonl') }),
    ...OFFLINE,
    ...REPEATABLE,
    ...Object.fromEntries(THREADS.map((name) => [name, String(threads)])),
  };
}
