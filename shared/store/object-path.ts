import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { Digest } from '../contract/ids.ts';

/** Where an object folder keeps the object: `<dir>/<2 hex>/<64 hex>`. */
export function objectPathIn(dir: string, digest: Digest): string {
  const hex = digest.slice('sha256:'.length);
  return join(dir, hex.slice(0, 2), hex);
}

/** True when the object is there by a stat: a regular file and, when given, of this size. */
export function hasObjectIn(dir: string, digest: Digest, bytes?: number): boolean {
  const stat = statSync(objectPathIn(dir, digest), { throwIfNoEntry: false });
  return stat?.isFile() === true && (bytes === undefined || stat.size === bytes);
}
