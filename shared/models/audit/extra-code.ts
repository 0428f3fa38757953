import { type Dirent, statSync } from 'node:fs';
import { relative } from 'node:path';
import type { FileLook } from '../../contract/model-audit.ts';
import type { ListedModel } from '../registry/open-registry.ts';
import { entriesOf, type StoreView } from './store-view.ts';

/** What a Python engine would import from a model's folder. */
const CODE = /\.(pyc?|so|pyd)$/i;

/**
 * Files in the snapshot of a model that an engine could run and that its entry does not list: a library that trusts a model's own code
 * imports whatever lies beside it. Nothing is said of an entry whose files are not all known yet.
 */
export function findExtraCode(
  { entry, files, revision }: ListedModel,
  dir: string,
  view: Pick<StoreView, 'entries'> | null,
): readonly FileLook[] {
  if (files === undefined && (revision === null || (entry.source.type === 'hub' && entry.source.allow.length > 0)))
    return [];
  const listed = new Set((files ?? entry.files).map(({ path }) => path));
  return codeIn(dir, view?.entries)
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
export function codeIn(dir: string, entries: (folder: string) => readonly Dirent[] = entriesOf): readonly string[] {
  return entries(dir).flatMap((entry) => {
    const path = `${dir}/${entry.name}`;
    if (entry.isDirectory()) return codeIn(path, entries);
    return CODE.test(entry.name) ? [path] : [];
  });
}
