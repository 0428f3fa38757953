import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EnvironmentSpec } from '../contract/environment.ts';
import { Failure } from '../contract/failure.ts';
import type { Digest } from '../contract/ids.ts';
import { findDamagedFiles } from './check-record.ts';
import { findPython } from './find-python.ts';
import { findUv } from './find-uv.ts';
import { type InstallerContext, installerFailure, runInstaller } from './installer.ts';
import type { Places } from './places.ts';
import { lockFor } from './platform.ts';
import { publishEnvironment } from './publish-environment.ts';

export interface InstallPythonOptions extends InstallerContext {
  readonly spec: Extract<EnvironmentSpec, { kind: 'uv' }>;
  /** Folder of environment.json and the locks. */
  readonly dir: string;
  readonly identity: Digest;
  readonly places: Places;
  readonly offline: boolean;
  readonly onMessage: (text: string) => void;
}

const FIX = ['./run-pipeline.sh --demo'];

/** Packages a lock pins. */
export const packagesOf = (lockText: string): readonly string[] => lockText.match(/^[a-z0-9][\w.-]*(?===)/gim) ?? [];

const uvSteps = (uv: string, python: string, lock: string, offline: boolean) => (fresh: string) => [
  [uv, 'venv', '-q', '--no-project', '--relocatable', '--python', python, fresh],
  [
    ...[uv, 'pip', 'sync', '-q', '--require-hashes', '--no-build', '--compile-bytecode'],
    ...(offline ? ['--offline'] : []),
    ...['--python', join(fresh, 'bin', 'python'), lock],
  ],
];

/** pip removes itself at the end: the environment holds what the lock names, whoever installed it. */
const pipSteps = (python: string, lock: string) => (fresh: string) => {
  const pip = [join(fresh, 'bin', 'python'), '-m', 'pip'];
  return [
    [python, '-I', '-m', 'venv', fresh],
    [...pip, 'install', '-q', '--no-deps', '--require-hashes', '--only-binary', ':all:', '-r', lock],
    [...pip, 'uninstall', '-q', '-y', 'setuptools', 'pip'],
  ];
};

async function runSteps(options: InstallPythonOptions, steps: readonly (readonly string[])[]): Promise<void> {
  for (const argv of steps) {
    const result = await runInstaller(options, argv);
    if (result.code !== 0) throw installerFailure(`Environment ${options.spec.id} could not be made.`, result, FIX);
  }
}

/** Everything that was installed has the digests its packages list. */
async function refuseDamage({ spec }: InstallPythonOptions, fresh: string): Promise<void> {
  const [first, ...more] = await findDamagedFiles(fresh);
  if (first === undefined) return;
  throw new Failure('ERR_ENVIRONMENT', `Environment ${spec.id} was installed damaged.`, {
    why: `${first.path} of ${first.package} does not have its digest (${more.length} more). The disk may be failing.`,
    safe: 'What was there before is untouched.',
    fix: FIX,
  });
}

/** Imports the modules of the spec once, in a home of its own. */
async function tryImports({ spec, env, signal }: InstallPythonOptions, fresh: string): Promise<void> {
  if (spec.imports.length === 0) return;
  const home = mkdtempSync(join(tmpdir(), 'babelreel-imports-'));
  try {
    const python = join(fresh, 'bin', 'python');
    const argv = [python, '-s', '-B', '-c', spec.imports.map((name) => `import ${name}`).join('\n')];
    const result = await runInstaller({ env: { ...env, HOME: home, TMPDIR: home }, signal }, argv);
    if (result.code === 0) return;
    throw new Failure('ERR_ENVIRONMENT', `Environment ${spec.id} was installed but does not work.`, {
      why: `Importing ${spec.imports.join(', ')} failed: ${result.stderrTail.at(-1) ?? 'it printed no reason'}.`,
      safe: 'What was there before is untouched.',
      fix: FIX,
    });
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

/**
 * Makes a Python environment from its lock, with uv or else with pip, in the place it belongs to. The caller holds the set-up lock.
 * @throws Failure ERR_ENVIRONMENT, ERR_OFFLINE (a package has to be fetched), ERR_DISK_FULL, ERR_CANCELLED
 */
export async function installPython(options: InstallPythonOptions): Promise<void> {
  const { spec, dir, identity, places, offline, env, onMessage } = options;
  const lockFile = lockFor(spec)?.file;
  if (lockFile === undefined) throw new TypeError(`environment ${spec.id} has no lock for this machine`);
  const lock = join(dir, lockFile);
  const packages = packagesOf(readFileSync(lock, 'utf8'));
  const count = packages.length === 1 ? '1 package' : `${packages.length} packages`;
  onMessage(`making environment ${spec.id} (Python ${spec.python}, ${count})…`);
  const python = await findPython(spec.python, env);
  const uv = await findUv({ ...options, python });
  if (uv === null && (offline || !python.hasVenv)) {
    throw new Failure(offline ? 'ERR_OFFLINE' : 'ERR_ENVIRONMENT', `Environment ${spec.id} cannot be made.`, {
      why: offline
        ? `uv is not here and the network may not be used. Missing: ${packages.join(', ')}.`
        : `uv cannot be had and ${python.path} has no venv module.`,
      safe: 'Nothing was changed.',
      fix: offline ? FIX : [`sudo apt-get install -y python${spec.python}-venv`],
    });
  }
  const steps = uv === null ? pipSteps(python.path, lock) : uvSteps(uv, python.path, lock, offline);
  await publishEnvironment(
    { environments: places.roots.environments, name: spec.id, python: python.path, identity },
    async (fresh) => {
      await runSteps(options, steps(fresh));
      const damaged = new Set((await findDamagedFiles(fresh)).map((file) => file.package));
      if (damaged.size > 0 && uv !== null) {
        onMessage(`the package cache has damaged files of ${[...damaged].join(', ')}; they are fetched again…`);
        rmSync(fresh, { recursive: true, force: true });
        await runSteps(options, [[uv, 'cache', 'clean', '-q', ...damaged], ...steps(fresh)]);
      }
      await refuseDamage(options, fresh);
      await tryImports(options, fresh);
      return true;
    },
  );
}
