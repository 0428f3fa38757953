import type { Digest } from '../contract/ids.ts';
import type { ModelEntry } from '../contract/model.ts';
import { digestOf } from '../util/digest.ts';

/** Digest of a model: sha256 of its files' lines `<path> <sha256>`, sorted by path. Where the files lie does not matter. */
export function modelDigest(entry: Pick<ModelEntry, 'files'>): Digest {
  const lines = entry.files.map(({ path, sha256 }) => `${path} ${sha256}\n`).sort();
  return digestOf(lines.join(''));
}
