import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Failure } from '../contract/failure.ts';
import { ModelEntry } from '../contract/model.ts';

export type ModelTable = ReadonlyMap<string, ModelEntry>;

const SUFFIX = '.json';

/** What an entry says that cannot be true at once; null when nothing. */
function contradictionOf(entry: ModelEntry, id: string): string | null {
  if (entry.id !== id) return `Its id is "${entry.id}", its name says "${id}".`;
  const { root } = entry.source;
  if (root.startsWith('/') || root.split('/').includes('..')) return `Its root "${root}" leads out of the package.`;
  const seen = new Set<string>();
  for (const { path } of entry.files) {
    if (path.split('/').some((part) => part === '..' || part === '.' || part === ''))
      return `"${path}" is no path inside it.`;
    if (seen.has(path)) return `"${path}" is listed twice.`;
    seen.add(path);
  }
  return null;
}

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
  const contradiction = contradictionOf(parsed.data, id);
  if (contradiction !== null) throw invalid(contradiction);
  return parsed.data;
}

/**
 * Every entry of `<configDir>/models`, by id, in the order of the ids. `configDir` is the project's config folder.
 * Throws ERR_CONFIG_INVALID naming the file that has the wrong shape or contradicts itself.
 */
export function loadModels(configDir: string): ModelTable {
  const folder = join(configDir, 'models');
  const ids = readdirSync(folder)
    .filter((file) => file.endsWith(SUFFIX))
    .map((file) => file.slice(0, -SUFFIX.length))
    .sort();
  return new Map(ids.map((id) => [id, loadOne(join(folder, id + SUFFIX), id)]));
}

/** The entry of this id, or ERR_CONFIG_INVALID. */
export function modelOf(table: ModelTable, id: string): ModelEntry {
  const found = table.get(id);
  if (found !== undefined) return found;
  throw new Failure('ERR_CONFIG_INVALID', `There is no model "${id}".`, {
    why: `config/models has no ${id}${SUFFIX}.`,
  });
}
