import type { Digest } from '../../contract/ids.ts';
import type { KnownFile } from '../../contract/model.ts';
import { digestOf } from '../../util/digest.ts';

/**
 * Digest of a model: sha256 of its files' lines `<path> <sha256>`, sorted; the lines of models it requires are `<id>//<path> <sha256>`.
 * Where the files lie does not matter.
 */
export function modelDigest(
  files: readonly Pick<KnownFile, 'path' | 'sha256'>[],
  required: ReadonlyMap<string, readonly Pick<KnownFile, 'path' | 'sha256'>[]> = new Map(),
): Digest {
  const own = files.map(({ path, sha256 }) => `${path} ${sha256}\n`);
  const others = [...required].flatMap(([id, theirs]) =>
    theirs.map(({ path, sha256 }) => `${id}//${path} ${sha256}\n`),
  );
  return digestOf([...own, ...others].sort().join(''));
}
