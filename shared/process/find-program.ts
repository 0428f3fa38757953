import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';

/** Where a program is looked for when PATH does not say: system tools that a bare environment may not list. */
const USUAL_FOLDERS = ['/usr/local/bin', '/usr/bin', '/bin', '/usr/sbin', '/sbin', '/opt/homebrew/bin'];

const found = new Map<string, string>();

/**
 * Absolute path of an executable file, or undefined. Starts no process.
 * @param name a bare name, or an absolute path that is only checked
 * @param path folders separated as in PATH; the runner's own PATH and the usual folders unless told
 */
export function findProgram(name: string, path?: string): string | undefined {
  if (isAbsolute(name)) return isExecutable(name) ? name : undefined;
  if (name === '' || name.includes('/')) return undefined;
  const folders = path === undefined ? [...split(process.env.PATH), ...USUAL_FOLDERS] : split(path);
  const key = `${name}\0${folders.join(delimiter)}`;
  const known = found.get(key);
  // Only hits are remembered, and looked at again: a package may be installed or removed while a runner lives.
  if (known !== undefined && isExecutable(known)) return known;
  const hit = folders.map((folder) => join(folder, name)).find(isExecutable);
  if (hit !== undefined) found.set(key, hit);
  return hit;
}

const split = (path: string | undefined): string[] => (path ?? '').split(delimiter).filter(isAbsolute);

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
