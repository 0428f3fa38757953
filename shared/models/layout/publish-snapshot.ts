import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { KnownFile } from '../../contract/model.ts';
import { onDisk } from '../../store/disk-failure.ts';
import { writeFileDurably } from '../../store/durable.ts';
import type { KnownModel } from '../registry/open-registry.ts';
import { refPath, snapshotDir, treePath } from './hub-layout.ts';

/**
 * Says, in the hub cache's own words, that a snapshot is complete: `trees/<revision>.json` lists the files of the entry, and `refs/<branch>`
 * names the revision, so that huggingface_hub finds it without a network both by commit and by branch. Called when all files of the model are in.
 * Models of other sources need nothing. Throws ERR_DISK_FULL, ERR_NOT_WRITABLE.
 */
export async function publishSnapshot(options: { readonly root: string; readonly model: KnownModel }): Promise<void> {
  const { root, model } = options;
  const { source } = model.entry;
  const { revision } = model;
  if (source.type !== 'hub' || revision === null) return;
  const path = treePath(root, source.repo, revision);
  const ours = Object.fromEntries(model.files.map((file) => [file.path, inTree(file)]));
  const files = { ...readFiles(path, snapshotDir(root, source.repo, revision)), ...ours };
  await write(path, JSON.stringify({ format_version: 1, files }));
  await write(refPath(root, source.repo, source.branch), revision);
}

/** What other entries of the same repository, such as voices, put there and still have. A listing that cannot be read is written anew. */
function readFiles(path: string, snapshot: string): Readonly<Record<string, unknown>> {
  try {
    const { files } = JSON.parse(readFileSync(path, 'utf8')) as { files?: Record<string, unknown> };
    return Object.fromEntries(Object.entries(files ?? {}).filter(([name]) => existsSync(join(snapshot, name))));
  } catch {
    return {};
  }
}

async function write(path: string, text: string): Promise<void> {
  await onDisk({ folder: dirname(path) }, () => mkdir(dirname(path), { recursive: true }));
  await writeFileDurably(path, text);
}

/** A file without git's id is one that the repository keeps outside git: there git has a pointer, and `blob_id` is the id of that. */
function inTree({ bytes, sha256, gitSha1 }: KnownFile): object {
  if (gitSha1 !== undefined) return { size: bytes, blob_id: gitSha1 };
  const pointer = `version https://git-lfs.github.com/spec/v1\noid sha256:${sha256}\nsize ${bytes}\n`;
  const id = createHash('sha1').update(`blob ${pointer.length}\0${pointer}`).digest('hex');
  return { size: bytes, blob_id: id, lfs_sha256: sha256, lfs_size: bytes };
}
