import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { EnvironmentSpec } from '../contract/environment.ts';
import { Failure } from '../contract/failure.ts';
import type { Digest } from '../contract/ids.ts';
import { digestOf, digestOfJson } from '../util/digest.ts';
import { debianPackages } from './debian-packages.ts';
import { lockedNodePackages } from './node-packages.ts';
import type { Places } from './places.ts';
import { lockFor, platformKey, programPaths } from './platform.ts';
import type { LoadedEnvironment } from './specs.ts';

type Of<Kind extends EnvironmentSpec['kind']> = Extract<EnvironmentSpec, { kind: Kind }>;

/** The text of the lock this machine uses; null where there is none for it. */
export function lockText({ spec, dir }: LoadedEnvironment): { readonly key: string; readonly text: string } | null {
  const lock = lockFor(spec);
  if (lock === null) return null;
  const path = join(dir, lock.file);
  try {
    return { key: lock.key, text: readFileSync(path, 'utf8') };
  } catch (error) {
    throw new Failure('ERR_CONFIG_INVALID', `${path}, a lock of environment ${spec.id}, cannot be read.`, {
      cause: error,
    });
  }
}

const remembered = new Map<string, Digest>();

/** Digest of a file, hashed once a process for each inode, size and time; null when it is not there. */
function fileDigest(path: string): Digest | null {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return null;
  const key = `${path} ${stat.ino} ${stat.size} ${stat.mtimeMs}`;
  let digest = remembered.get(key);
  if (digest === undefined) {
    digest = digestOf(readFileSync(path));
    remembered.set(key, digest);
  }
  return digest;
}

/** Versions by dpkg; on a machine without dpkg the digests of the programs. Null when something is not installed. */
function systemParts(spec: Of<'system'>): Readonly<Record<string, string>> | null {
  const installed = debianPackages();
  const parts: [string, string | null | undefined][] =
    installed === null
      ? spec.programs.map((name) => [name, fileDigest(programPaths(name)[0] ?? name)])
      : spec.packages.map((name) => [name, installed.get(name)]);
  for (const path of spec.files) parts.push([path, fileDigest(path)]);
  return parts.every(([, part]) => part) ? (Object.fromEntries(parts) as Record<string, string>) : null;
}

function partsOf(loaded: LoadedEnvironment, places: Pick<Places, 'projectDir'>): unknown {
  const { spec } = loaded;
  if (spec.kind === 'system') return systemParts(spec);
  if (spec.kind === 'node') {
    const packages = lockedNodePackages(places.projectDir, spec.packages);
    return packages && { node: process.versions.node, packages };
  }
  const lock = lockText(loaded);
  // Comments in a lock say who wants a package; they change nothing that is installed.
  return lock && { key: lock.key, lock: lock.text.replace(/^\s*#.*\n/gm, '') };
}

/**
 * What an environment's answers depend on, as one digest: for uv the pins and hashes of its lock, for system the versions of the
 * packages and the declared files, for node the version of Node and the locked packages; with environment.json (without its purpose) and
 * the platform. Null while it is not known: a system package is not installed, or there is no lock for this platform. Starts no program.
 */
export function environmentIdentity(loaded: LoadedEnvironment, places: Pick<Places, 'projectDir'>): Digest | null {
  const parts = partsOf(loaded, places);
  if (parts === null) return null;
  const { purpose: _, ...spec } = loaded.spec;
  return digestOfJson({ v: 1, platform: platformKey(), spec, parts });
}
