import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { EnvironmentSpec, EnvironmentState } from '../contract/environment.ts';
import type { Digest } from '../contract/ids.ts';
import { debianPackages } from './debian-packages.ts';
import { environmentIdentity } from './identity.ts';
import { environmentDir, type Places } from './places.ts';
import { lockFor, platformKey, programPaths } from './platform.ts';
import type { LoadedEnvironment } from './specs.ts';
import { damageOf, readStamp } from './stamp.ts';

export interface EnvironmentLook {
  readonly state: EnvironmentState;
  readonly identity: Digest | null;
  /** Why it is not ready, as a phrase. */
  readonly why?: string;
}

/** What a system environment lacks: Debian packages to install, and programs or files that are not there although dpkg thinks so. */
export function missingSystemParts(spec: Extract<EnvironmentSpec, { kind: 'system' }>): {
  readonly packages: readonly string[];
  readonly paths: readonly string[];
} {
  const installed = debianPackages();
  return {
    packages: installed === null ? [] : spec.packages.filter((name) => !installed.has(name)),
    paths: [
      ...spec.programs.filter((name) => programPaths(name).length === 0),
      ...spec.files.filter((path) => !existsSync(path)),
    ],
  };
}

function lookAtSystem(spec: Extract<EnvironmentSpec, { kind: 'system' }>): Omit<EnvironmentLook, 'identity'> {
  const { packages, paths } = missingSystemParts(spec);
  if (packages.length > 0) return { state: 'missing', why: `not installed: ${packages.join(', ')}` };
  if (paths.length > 0)
    return { state: debianPackages() ? 'broken' : 'missing', why: `not found: ${paths.join(', ')}` };
  return { state: 'ready' };
}

function lookAtPython(
  spec: Extract<EnvironmentSpec, { kind: 'uv' }>,
  identity: Digest | null,
  places: Places,
): Omit<EnvironmentLook, 'identity'> {
  if (lockFor(spec) === null) {
    return { state: 'unsupported', why: `it has no lock for ${platformKey()}, only for ${Object.keys(spec.locks)}` };
  }
  const dir = environmentDir(places.roots.environments, spec.id);
  if (!existsSync(dir)) return { state: 'missing', why: `${dir} is not there` };
  const stamp = readStamp(dir);
  if (stamp === null) return { state: 'broken', why: `${dir} has no readable stamp` };
  if (stamp.identity !== identity) return { state: 'outdated', why: 'its lock or description changed' };
  const damage = damageOf(dir, stamp);
  return damage === null ? { state: 'ready' } : { state: 'broken', why: damage };
}

/** How an environment stands, by looking at names and sizes only: no program is started, no file is hashed. */
export function environmentState(loaded: LoadedEnvironment, places: Places): EnvironmentLook {
  const { spec } = loaded;
  const identity = environmentIdentity(loaded, places);
  if (spec.kind === 'system') return { identity, ...lookAtSystem(spec) };
  if (spec.kind === 'uv') return { identity, ...lookAtPython(spec, identity, places) };
  const gone = spec.packages.filter((name) => !existsSync(join(places.projectDir, 'node_modules', name)));
  if (gone.length > 0) return { identity, state: 'missing', why: `not in node_modules: ${gone.join(', ')}` };
  return { identity, state: 'ready' };
}
