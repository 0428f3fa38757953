import { readFileSync, statSync } from 'node:fs';

/** Name -> version of what dpkg has fully installed. */
export type DebianPackages = ReadonlyMap<string, string>;

export const DPKG_STATUS = '/var/lib/dpkg/status';

/**
 * Reads dpkg's status file: paragraphs of `Field: value`. A name that is installed for several architectures keeps its first version,
 * for dpkg lets them differ only in binary rebuilds.
 */
export function parseDebianStatus(text: string): DebianPackages {
  const packages = new Map<string, string>();
  for (const paragraph of text.split('\n\n')) {
    if (!/^Status: install ok installed$/m.test(paragraph)) continue;
    const name = /^Package: (.+)$/m.exec(paragraph)?.[1];
    const version = /^Version: (.+)$/m.exec(paragraph)?.[1];
    if (name !== undefined && version !== undefined && !packages.has(name)) packages.set(name, version);
  }
  return packages;
}

let latest: { readonly key: string; readonly packages: DebianPackages } | null = null;

/** What dpkg has installed, read again only when its status file changed; null on a machine without dpkg. Starts no program. */
export function debianPackages(statusFile: string = DPKG_STATUS): DebianPackages | null {
  const stat = statSync(statusFile, { throwIfNoEntry: false });
  if (stat === undefined) return null;
  const key = `${statusFile} ${stat.ino} ${stat.size} ${stat.mtimeMs}`;
  if (latest?.key !== key) latest = { key, packages: parseDebianStatus(readFileSync(statusFile, 'utf8')) };
  return latest.packages;
}
