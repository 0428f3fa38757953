import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { EnvironmentSpec } from '../contract/environment.ts';
import { Failure } from '../contract/failure.ts';
import { ID_PATTERN } from '../contract/ids.ts';

/** An environment as config/environments/<id>/ describes it. */
export interface LoadedEnvironment {
  readonly spec: EnvironmentSpec;
  /** Absolute folder of environment.json and its locks. */
  readonly dir: string;
}

export type EnvironmentTable = ReadonlyMap<string, LoadedEnvironment>;

const invalid = (path: string, why: string): Failure =>
  new Failure('ERR_CONFIG_INVALID', `${path} is not a valid environment.`, { why });

function loadOne(dir: string, id: string): LoadedEnvironment {
  const path = join(dir, 'environment.json');
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw invalid(path, error instanceof Error ? error.message : String(error));
  }
  const parsed = EnvironmentSpec.safeParse(json);
  if (!parsed.success) {
    throw invalid(path, parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; '));
  }
  if (parsed.data.id !== id) throw invalid(path, `Its id is "${parsed.data.id}", its folder "${id}".`);
  if (!ID_PATTERN.test(id)) throw invalid(path, `"${id}" is not an id.`);
  return { spec: parsed.data, dir };
}

/**
 * Every folder of `<configDir>/environments`, by id, in the order of the ids. `configDir` is the project's config folder.
 * Throws ERR_CONFIG_INVALID naming the file.
 */
export function loadEnvironmentSpecs(configDir: string): EnvironmentTable {
  const root = join(configDir, 'environments');
  const ids = readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();
  return new Map(ids.map((id) => [id, loadOne(join(root, id), id)]));
}

/** The environment of this id, or ERR_CONFIG_INVALID with the ids there are. */
export function environmentOf(table: EnvironmentTable, id: string): LoadedEnvironment {
  const found = table.get(id);
  if (found !== undefined) return found;
  throw new Failure('ERR_CONFIG_INVALID', `There is no environment "${id}".`, {
    why: `config/environments has ${[...table.keys()].join(', ')}.`,
  });
}
