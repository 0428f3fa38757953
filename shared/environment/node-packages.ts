import { readFileSync } from 'node:fs';
import { join } from 'node:path';

interface LockedPackage {
  readonly version?: string;
  readonly integrity?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
}

/**
 * Version and integrity of npm packages and of everything they depend on, by their place in package-lock.json. Null when one of them
 * is not locked.
 */
export function lockedNodePackages(
  projectDir: string,
  names: readonly string[],
): Readonly<Record<string, string>> | null {
  const lock = JSON.parse(readFileSync(join(projectDir, 'package-lock.json'), 'utf8')) as {
    readonly packages?: Readonly<Record<string, LockedPackage>>;
  };
  const packages = lock.packages ?? {};
  const found: Record<string, string> = {};
  const open = names.map((name) => ({ name, from: '' }));
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    // A nested copy wins over the one at the top, as in Node's own look-up.
    const nested = `${next.from}node_modules/${next.name}`;
    const place = nested in packages ? nested : `node_modules/${next.name}`;
    if (place in found) continue;
    const entry = packages[place];
    if (entry?.integrity === undefined) return null;
    found[place] = `${entry.version} ${entry.integrity}`;
    for (const name of Object.keys(entry.dependencies ?? {})) open.push({ name, from: `${place}/` });
  }
  return found;
}
