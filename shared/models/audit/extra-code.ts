import { type Dirent, readdirSync, statSync } from 'node:fs';
import { extname, join, relative } from 'node:path';
import type { FileLook } from '../../contract/model-audit.ts';
import type { ListedModel } from '../registry/open-registry.ts';

/** What a Python engine would import from a model's folder. */
const CODE = new Set(['.py', '.pyc', '.so', '.pyd']);

/**
 * Files in the snapshot of a model that an engine could run and that its entry does not list: a library that trusts a model's own code
 * imports whatever lies beside it. Nothing is said of an entry whose files are not all known yet.
 */
export function findExtraCode({ entry, files, revision }: ListedModel, dir: string): readonly FileLook[] {
  if (files === undefined && (revision === null || (entry.source.type === 'hub' && entry.source.allow.length > 0)))
    return [];
  const listed = new Set((files ?? entry.files).map(({ path }) => path));
  return codeIn(dir)
    .filter((path) => !listed.has(relative(dir, path)))
    .map((at) => ({
      model: entry.id,
      path: relative(dir, at),
      kind: 'code',
      state: 'unexpected',
      at,
      bytes: null,
      foundBytes: statSync(at, { throwIfNoEntry: false })?.size ?? null,
      why: 'It could be run and is none of the files of the model.',
    }));
}

/** Paths of all code under a folder, which need not exist; folders that are links are not entered. */
export function codeIn(dir: string): readonly string[] {
  let entries: readonly Dirent[];
  try {
    entries = readdirSync(dir, { withFileTypes: true });
  } catch {
    return [];
  }
  return entries.flatMap((entry) => {
    const path = join(dir, entry.name);
    if (entry.isDirectory()) return codeIn(path);
    return CODE.has(extname(entry.name).toLowerCase()) ? [path] : [];
  });
}
