import type { EnvironmentSpec } from '../contract/environment.ts';
import type { Roots } from '../util/settings.ts';
import { interpreterOf } from './places.ts';
import { programPaths } from './platform.ts';

export interface LaunchOptions {
  readonly spec: EnvironmentSpec;
  readonly roots: Pick<Roots, 'environments'>;
  /** Absolute path of worker.py or worker.ts. */
  readonly workerPath: string;
}

/** `-s`: no packages of the user; `-B`: write no bytecode beside the sources. */
const PYTHON_FLAGS = ['-s', '-B'] as const;

/**
 * The command that starts a worker: worker.ts by the Node that runs now, worker.py by the environment's interpreter, or by the system's
 * Python where the environment has none of its own.
 */
export function workerArgv({ spec, roots, workerPath }: LaunchOptions): readonly [string, ...string[]] {
  if (workerPath.endsWith('.ts')) return [process.execPath, workerPath];
  const python =
    spec.kind === 'uv'
      ? interpreterOf(roots.environments, spec.id)
      : (programPaths('python3')[0] ?? '/usr/bin/python3');
  return [python, ...PYTHON_FLAGS, workerPath];
}
