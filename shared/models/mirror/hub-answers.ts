import { createHash } from 'node:crypto';
import type { KnownFile } from '../../contract/model.ts';
import { blobName } from '../layout/hub-layout.ts';
import type { MirroredRevision } from './mirror-catalog.ts';

/** The ETag of a file, quoted. What is between the quotes becomes the name of the blob in the client's cache. */
export const etagOf = (file: KnownFile): string => `"${blobName(file)}"`;

/** What a hub says of a repository at a revision. */
export const repoInfo = (repo: string, { revision, files }: MirroredRevision): object => ({
  _id: createHash('sha1').update(repo).digest('hex').slice(0, 24),
  id: repo,
  modelId: repo,
  sha: revision,
  private: false,
  gated: false,
  disabled: false,
  tags: [],
  downloads: 0,
  likes: 0,
  siblings: [...files.keys()].map((rfilename) => ({ rfilename })),
});

/**
 * One file of a tree. A file without git's id is one that a hub keeps outside git: `oid` is then the id of the pointer that git has, and
 * `lfs.oid` the sha256. No `xetHash`: with one the client would fetch from another server than this.
 */
export function treeEntry(file: KnownFile, expand: MirroredRevision | undefined): object {
  const more = expand === undefined ? {} : { lastCommit: commitOf(expand) };
  const common = { type: 'file', path: file.path, size: file.bytes };
  if (file.gitSha1 !== undefined) return { ...common, oid: file.gitSha1, ...more };
  const pointer = `version https://git-lfs.github.com/spec/v1\noid sha256:${file.sha256}\nsize ${file.bytes}\n`;
  const oid = createHash('sha1').update(`blob ${pointer.length}\0${pointer}`).digest('hex');
  return { ...common, oid, lfs: { oid: file.sha256, size: file.bytes, pointerSize: pointer.length }, ...more };
}

/** The history is not here: every file says it was last changed by the revision itself. */
const commitOf = ({ revision }: MirroredRevision): object => ({
  id: revision,
  title: '',
  date: '1970-01-01T00:00:00.000Z',
});

export interface TreeOptions {
  /** Folder inside the repository, empty for the whole. */
  readonly folder: string;
  readonly recursive: boolean;
  readonly expand: boolean;
}

/** Entries of a folder in the order of their paths; undefined where there is no such folder. Folders only where it is not recursive. */
export function treeOf(revision: MirroredRevision, { folder, recursive, expand }: TreeOptions): object[] | undefined {
  const prefix = folder === '' ? '' : `${folder}/`;
  const inside = [...revision.files.values()].filter(({ path }) => path.startsWith(prefix));
  if (inside.length === 0) return undefined;
  const folders = new Set<string>();
  return inside.flatMap((file) => {
    const rest = file.path.slice(prefix.length);
    const slash = rest.indexOf('/');
    if (recursive || slash === -1) return [treeEntry(file, expand ? revision : undefined)];
    const path = prefix + rest.slice(0, slash);
    if (folders.has(path)) return [];
    folders.add(path);
    // git's id of a folder cannot be known here; clients want one and do not use it.
    return [{ type: 'directory', oid: '0'.repeat(40), size: 0, path }];
  });
}
