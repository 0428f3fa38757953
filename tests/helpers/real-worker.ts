import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import config from '../../config/default.json' with { type: 'json' };
import type { EngineDefinition } from '../../shared/contract/engine.ts';
import type { WireModel } from '../../shared/contract/protocol.ts';
import { ROLES } from '../../shared/contract/roles/index.ts';
import { ensureEnvironment } from '../../shared/environment/ensure.ts';
import { workerArgv } from '../../shared/environment/launch.ts';
import { environmentOf, loadEnvironmentSpecs } from '../../shared/environment/specs.ts';
import { workerVariables } from '../../shared/environment/variables.ts';
import { locateModel } from '../../shared/models/layout/locate-model.ts';
import { openRegistry } from '../../shared/models/registry/open-registry.ts';
import { resolveSettings } from '../../shared/util/settings.ts';
import { startRawWorker, type WorkerCommand } from '../conformance/raw-worker.ts';

export const PROJECT_DIR = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');
export const { roots } = resolveSettings(config, process.env, PROJECT_DIR);
const configDir = join(PROJECT_DIR, 'config');

export interface RealWorker {
  readonly command: WorkerCommand;
  readonly models: readonly WireModel[];
}

/** Absolute folder of a model of config/models. */
export const modelDir = (id: string): string =>
  locateModel(openRegistry(configDir, roots.local).model(id), { projectDir: PROJECT_DIR, roots });

/** How an engine of the tree is started on this machine; its environment is made when it is missing. */
export async function realWorker(
  stage: string,
  engine: EngineDefinition,
  params: Readonly<Record<string, unknown>> = {},
): Promise<RealWorker> {
  const table = loadEnvironmentSpecs(configDir);
  const { failure } = await ensureEnvironment(engine.environment, {
    table,
    places: { projectDir: PROJECT_DIR, roots },
  });
  if (failure !== undefined) throw failure;
  const { spec } = environmentOf(table, engine.environment);
  const workerPath = join(PROJECT_DIR, 'stages', stage, 'engines', engine.name, engine.worker);
  const scratch = '/tmp';
  return {
    command: {
      argv: workerArgv({ spec, roots, workerPath }),
      env: workerVariables({ spec, roots, scratch, threads: 1, projectDir: PROJECT_DIR }),
    },
    models: engine.models(engine.params.parse(params)).map((id) => ({ id, path: modelDir(id), digest: `of ${id}` })),
  };
}

export interface Answer {
  readonly value: Readonly<Record<string, unknown>>;
  /** Reply field -> absolute path. */
  readonly files: Readonly<Record<string, string>>;
}

export interface LoadedWorker extends AsyncDisposable {
  /** Answers of the requests in order; a refusal is thrown. */
  ask(requests: readonly unknown[]): Promise<readonly Answer[]>;
  readonly pid: number;
  peakRssMiB(): number;
}

/** A real engine in its own process, loaded and ready. */
export async function startEngine(
  stage: string,
  engine: EngineDefinition,
  params: Readonly<Record<string, unknown>> = {},
): Promise<LoadedWorker> {
  const { command, models } = await realWorker(stage, engine, params);
  const raw = startRawWorker(command);
  raw.send({ type: 'hello', protocol: 1 });
  await raw.next('ready');
  raw.send({ type: 'load', models, params, device: 'cpu', threads: 1 });
  await raw.next('loaded');
  let runs = 0;
  let peak = 0;
  return {
    pid: raw.pid,
    async ask(requests) {
      const answers: Answer[] = [];
      raw.send({ type: 'run', id: `${++runs}`, op: ROLES[engine.role].op, requests, dir: raw.dir });
      while (answers.length < requests.length) {
        const { value, files = {} } = await raw.next('result', 120_000);
        const paths = Object.entries(files).map(([field, name]) => [field, join(raw.dir, name)]);
        answers.push({ value, files: Object.fromEntries(paths) });
      }
      peak = (await raw.next('done')).counters.peakRssMiB;
      return answers;
    },
    peakRssMiB: () => peak,
    [Symbol.asyncDispose]: () => raw[Symbol.asyncDispose](),
  };
}
