import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { EngineDefinition } from '../contract/engine.ts';
import { Failure } from '../contract/failure.ts';
import type { EngineId } from '../contract/ids.ts';
import { ID_PATTERN } from '../contract/ids.ts';
import { ROLES } from '../contract/roles/index.ts';

export interface EngineEntry {
  readonly id: EngineId;
  readonly definition: EngineDefinition;
  /** The engine's folder, absolute. */
  readonly dir: string;
  readonly workerPath: string;
}

/**
 * Every engine of the tree, found by looking: `<stagesDir>/<stage>/engines/<engine>/engine.ts`, sorted by id.
 * @throws Failure ERR_CONFIG_INVALID naming the first folder or file that is not an engine
 */
export async function findEngines(stagesDir: string): Promise<ReadonlyMap<EngineId, EngineEntry>> {
  const folders = (
    await Promise.all((await foldersIn(stagesDir)).map((dir) => foldersIn(join(dir, 'engines'))))
  ).flat();
  const entries = await Promise.all(folders.map(readEngine));
  const found = new Map<EngineId, EngineEntry>();
  for (const entry of entries.sort((a, b) => (a.id < b.id ? -1 : 1))) {
    const other = found.get(entry.id);
    if (other !== undefined) throw invalid(entry.dir, `${other.dir} has the same id ${entry.id}`);
    found.set(entry.id, entry);
  }
  return found;
}

async function foldersIn(dir: string): Promise<readonly string[]> {
  if (!existsSync(dir)) return [];
  const names = (await readdir(dir, { withFileTypes: true })).filter((entry) => entry.isDirectory());
  return names.map((entry) => join(dir, entry.name)).filter((path) => !/^[._]/.test(basename(path)));
}

async function readEngine(dir: string): Promise<EngineEntry> {
  const file = join(dir, 'engine.ts');
  if (!existsSync(file)) throw invalid(file, 'the file is missing');
  let module: { readonly engine?: Partial<EngineDefinition> };
  try {
    module = await import(pathToFileURL(file).href);
  } catch (error) {
    throw invalid(file, error instanceof Error ? error.message : String(error), error);
  }
  const { engine } = module;
  if (engine === undefined) throw invalid(file, 'it exports no `engine`');
  const problem = problemOf(engine, dir);
  if (problem !== undefined) throw invalid(file, problem);
  const definition = engine as EngineDefinition;
  return { id: `${definition.role}/${definition.name}`, definition, dir, workerPath: join(dir, definition.worker) };
}

function problemOf(engine: Partial<EngineDefinition>, dir: string): string | undefined {
  const name = basename(dir);
  if (!ID_PATTERN.test(name)) return `the folder name ${name} does not match ${ID_PATTERN.source}`;
  if (engine.name !== name) return `its name is ${JSON.stringify(engine.name)}, its folder is ${name}`;
  if (engine.role === undefined || !Object.hasOwn(ROLES, engine.role))
    return `there is no role ${JSON.stringify(engine.role)}`;
  if (engine.worker === undefined || !existsSync(join(dir, engine.worker)))
    return `its worker ${JSON.stringify(engine.worker)} is missing`;
  if (!(Number.isInteger(engine.batch) && Number(engine.batch) > 0)) return 'batch must be a whole number above 0';
  if (engine.params === undefined || typeof engine.models !== 'function' || engine.resources === undefined)
    return 'params, models or resources are missing';
  return undefined;
}

const invalid = (file: string, why: string, cause?: unknown): Failure =>
  new Failure('ERR_CONFIG_INVALID', `The engine at ${file} is not valid.`, {
    why: `${why}.`,
    ...(cause === undefined ? {} : { cause }),
  });
