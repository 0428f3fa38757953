import { closeSync, fsyncSync, openSync, readdirSync, readFileSync, statSync, writeSync } from 'node:fs';
import { join, relative } from 'node:path';

/** Name of the file that says an environment is finished. */
export const STAMP_NAME = '.babelreel.json';

/** What was installed, so that a quick look can compare it with what is there. */
export interface Stamp {
  readonly schema: 'environment-stamp/1';
  readonly identity: string;
  /** Absolute path of the base interpreter. */
  readonly python: string;
  /** Path inside the environment and size in bytes. */
  readonly files: readonly (readonly [string, number])[];
}

/** Every regular file of an environment but bytecode, which Python writes anew when it is gone. */
export function listFiles(dir: string): [string, number][] {
  // `lib64` is a link to `lib`: what lies behind it is listed once.
  const links = readdirSync(dir, { withFileTypes: true }).filter((entry) => entry.isSymbolicLink());
  const behindLink = (path: string): boolean =>
    links.some(({ name }) => path === join(dir, name) || path.startsWith(join(dir, name, '/')));
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => !behindLink(entry.parentPath))
    .filter((entry) => entry.isFile() && entry.name !== STAMP_NAME && !entry.parentPath.endsWith('__pycache__'))
    .map((entry): [string, number] => {
      const path = join(entry.parentPath, entry.name);
      return [relative(dir, path), statSync(path).size];
    })
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

/** The stamp of an environment; null when it has none or it is unreadable. */
export function readStamp(dir: string): Stamp | null {
  try {
    const stamp = JSON.parse(readFileSync(join(dir, STAMP_NAME), 'utf8')) as Stamp;
    return stamp.schema === 'environment-stamp/1' && Array.isArray(stamp.files) ? stamp : null;
  } catch {
    return null;
  }
}

/** A file this user cannot reach is as useless as one that is gone. */
function sizeOf(path: string): number | undefined {
  try {
    return statSync(path).size;
  } catch {
    return undefined;
  }
}

/** The first thing that differs from the stamp, as a phrase; null when all is as it was installed. Reads no file's content. */
export function damageOf(dir: string, stamp: Stamp): string | null {
  if (sizeOf(stamp.python) === undefined) return `its base interpreter ${stamp.python} is gone or cannot be reached`;
  if (sizeOf(join(dir, 'bin', 'python')) === undefined) return 'bin/python leads nowhere';
  for (const [path, bytes] of stamp.files) {
    const size = sizeOf(join(dir, path));
    if (size === undefined) return `${path} is gone`;
    if (size !== bytes) return `${path} has ${size} bytes instead of ${bytes}`;
  }
  return null;
}

/** Writes the stamp of a folder that is complete, on the disk when it returns. The folder is not in its place yet. */
export function writeStamp(dir: string, { identity, python }: Pick<Stamp, 'identity' | 'python'>): void {
  const stamp: Stamp = { schema: 'environment-stamp/1', identity, python, files: listFiles(dir) };
  const file = openSync(join(dir, STAMP_NAME), 'w');
  try {
    writeSync(file, JSON.stringify(stamp));
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
