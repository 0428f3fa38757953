import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { findProgram } from '../process/find-program.ts';
import { runProcess } from '../process/run-process.ts';
import { writeStamp } from './stamp.ts';

export interface PublishOptions {
  readonly environments: string;
  /** Folder name under `environments`. */
  readonly name: string;
  /** Absolute path of the base interpreter, remembered in the stamp. */
  readonly python: string;
  readonly identity: string;
}

const removeTree = (path: string): void => rmSync(path, { recursive: true, force: true, maxRetries: 3 });

/** Puts the bytes of a fresh folder on the disk: a stamp must not outlive files in a power cut. `sync -f` is one call for all of them. */
async function flush(dir: string): Promise<void> {
  const sync = process.platform === 'linux' ? findProgram('sync') : undefined;
  if (sync !== undefined) await runProcess({ argv: [sync, '-f', dir], env: {}, cwd: '/' });
}

/**
 * Builds a folder beside its place, stamps it and renames it into place, so that a set-up that was killed leaves nothing that looks
 * finished. The caller holds the set-up lock; leftovers of dead set-ups of this name are removed first.
 * `build` makes the folder and says whether it worked; when it throws or says no, the old folder stays as it is.
 */
export async function publishEnvironment(
  { environments, name, python, identity }: PublishOptions,
  build: (fresh: string) => Promise<boolean>,
): Promise<boolean> {
  mkdirSync(environments, { recursive: true });
  const leftover = (file: string): boolean =>
    file.startsWith(`.incoming-${name}-`) || file.startsWith(`.outgoing-${name}-`);
  for (const file of readdirSync(environments).filter(leftover)) removeTree(join(environments, file));
  const fresh = join(environments, `.incoming-${name}-${process.pid}`);
  const old = join(environments, `.outgoing-${name}-${process.pid}`);
  const target = join(environments, name);
  try {
    if (!(await build(fresh))) return false;
    await flush(fresh);
    writeStamp(fresh, { identity, python });
    if (existsSync(target)) renameSync(target, old);
    renameSync(fresh, target);
    return true;
  } finally {
    removeTree(fresh);
    removeTree(old);
  }
}
