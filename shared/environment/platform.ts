import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { EnvironmentSpec } from '../contract/environment.ts';

export type Accelerator = 'cpu' | 'cuda' | 'mps';

/** `linux-x64`, `darwin-arm64`: the words of Node. */
export const platformKey = (): string => `${process.platform}-${process.arch}`;

/** The kind of accelerator by what is there, without starting anything: the NVIDIA driver's control file, or an Apple chip. */
export function detectAccelerator(exists: (path: string) => boolean = existsSync): Accelerator {
  if (process.platform === 'darwin') return process.arch === 'arm64' ? 'mps' : 'cpu';
  return exists('/dev/nvidiactl') || exists('/proc/driver/nvidia/version') ? 'cuda' : 'cpu';
}

/**
 * The lock of an environment for a machine: one of its accelerator, else the one for cpu, which runs everywhere.
 * Null where there is none, or where the environment has no locks.
 */
export function lockFor(
  spec: EnvironmentSpec,
  platform: string = platformKey(),
  accelerator: Accelerator = detectAccelerator(),
): { readonly key: string; readonly file: string } | null {
  if (spec.kind !== 'uv') return null;
  for (const key of [`${platform}-${accelerator}`, `${platform}-cpu`]) {
    const file = spec.locks[key];
    if (file !== undefined) return { key, file };
  }
  return null;
}

/** Folders of system programs that a worker sees, whatever the user's PATH is. */
export const SYSTEM_PATH: readonly string[] =
  process.platform === 'darwin' ? ['/opt/homebrew/bin', '/usr/local/bin', '/usr/bin', '/bin'] : ['/usr/bin', '/bin'];

/** Every absolute path that a program's name has in the folders, in their order. */
export const programPaths = (name: string, folders: readonly string[] = SYSTEM_PATH): readonly string[] =>
  folders
    .filter((folder) => folder.startsWith('/'))
    .map((folder) => join(folder, name))
    .filter((path) => existsSync(path));

/** The folders of the user's PATH. */
export const userPath = (env: Readonly<Record<string, string | undefined>> = process.env): readonly string[] =>
  (env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
