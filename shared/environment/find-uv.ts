import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findProgram } from '../process/find-program.ts';
import { withFolderLock } from '../store/folder-lock.ts';
import { digestOf } from '../util/digest.ts';
import type { BasePython } from './find-python.ts';
import { type InstallerContext, runInstaller } from './installer.ts';
import type { Places } from './places.ts';
import { publishEnvironment } from './publish-environment.ts';
import { damageOf, readStamp } from './stamp.ts';

export interface FindUvOptions extends InstallerContext {
  readonly places: Places;
  readonly python: BasePython;
  readonly offline: boolean;
  readonly onMessage: (text: string) => void;
}

const runs = async (context: InstallerContext, uv: string): Promise<boolean> =>
  (await runInstaller(context, [uv, '--version'])).code === 0;

/** uv in an environment of its own, from config/environments/uv.lock; null where it cannot be had. */
async function ownUv(options: FindUvOptions): Promise<string | null> {
  const { places, python, offline, onMessage } = options;
  const lock = join(places.projectDir, 'config', 'environments', 'uv.lock');
  const identity = digestOf(readFileSync(lock));
  const { environments } = places.roots;
  const dir = join(environments, '.uv');
  const ready = (): boolean => {
    const stamp = readStamp(dir);
    return stamp?.identity === identity && damageOf(dir, stamp) === null;
  };
  const path = join(dir, 'bin', 'uv');
  if (ready()) return path;
  if (offline || !python.hasVenv) return null;
  return withFolderLock({ dir: environments, name: 'uv', signal: options.signal }, async () => {
    if (ready()) return path;
    onMessage('fetching uv, the installer of Python packages…');
    const made = await publishEnvironment(
      { environments, name: '.uv', python: python.path, identity },
      async (fresh) => {
        const steps = [
          [python.path, '-I', '-m', 'venv', fresh],
          [
            join(fresh, 'bin', 'python'),
            '-m',
            'pip',
            'install',
            '-q',
            '--only-binary',
            ':all:',
            '--require-hashes',
            '-r',
            lock,
          ],
          [join(fresh, 'bin', 'uv'), '--version'],
        ];
        for (const argv of steps) if ((await runInstaller(options, argv)).code !== 0) return false;
        return true;
      },
    );
    if (!made) onMessage('uv cannot be had here; pip is used instead');
    return made ? path : null;
  });
}

/**
 * Path of uv: `BABELREEL_UV` (`none` hides every uv), then PATH, then one made from a hashed lock in `<environments>/.uv`. Null where
 * none can be had; pip does the same work then, more slowly.
 */
export async function findUv(options: FindUvOptions): Promise<string | null> {
  const told = options.env.BABELREEL_UV;
  if (told === 'none') return null;
  const found = told ?? findProgram('uv', options.env.PATH);
  if (found !== undefined && (await runs(options, found).catch(() => false))) return found;
  return ownUv(options);
}
