import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Failure } from '../../contract/failure.ts';
import { ModelEntry } from '../../contract/model.ts';
import { findContradiction } from './find-contradiction.ts';

export type ModelTable = ReadonlyMap<string, ModelEntry>;

const SUFFIX = '.json';

function loadOne(path: string, id: string): ModelEntry {
  const invalid = (why: string): Failure =>
    new Failure('ERR_CONFIG_INVALID', `${path} is not a valid model entry.`, { why });
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw invalid(error instanceof Error ? error.message : String(error));
  }
  const parsed = ModelEntry.safeParse(json);
  if (!parsed.success) {
    throw invalid(parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; '));
  }
  const contradiction = findContradiction(parsed.data, id);
  if (contradiction !== null) throw invalid(contradiction);
  return parsed.data;
}

/**
 * Every entry of `<dir>/models` for each of the folders, by id, in the order of the ids; an entry of a later folder replaces one of the same
 * id. The project's config folder comes first, the user's own after it; a folder that does not exist has none.
 * Throws ERR_CONFIG_INVALID naming the file that has the wrong shape or contradicts itself.
 */
export function loadModels(...dirs: readonly string[]): ModelTable {
  const paths = new Map<string, string>();
  for (const folder of dirs.map((dir) => join(dir, 'models'))) {
    if (!existsSync(folder)) continue;
    for (const file of readdirSync(folder).filter((name) => name.endsWith(SUFFIX)))
      paths.set(file.slice(0, -SUFFIX.length), join(folder, file));
  }
  return new Map([...paths].sort(([a], [b]) => (a < b ? -1 : 1)).map(([id, path]) => [id, loadOne(path, id)]));
}
