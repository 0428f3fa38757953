import { basename, dirname } from 'node:path';

const IN_SNAPSHOT = /models--([^/]+?)--([^/]+)\/snapshots\/[^/]+\/(.+)$/;

/** A file of the store for a line of progress: `org/name model.bin`, else its folder and name. */
export function nameOfFile(path: string): string {
  const [, org, name, file] = IN_SNAPSHOT.exec(path) ?? [];
  return file === undefined ? `${basename(dirname(path))}/${basename(path)}` : `${org}/${name} ${file}`;
}
