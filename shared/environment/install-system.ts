import { readdirSync } from 'node:fs';
import { Failure } from '../contract/failure.ts';
import { findProgram } from '../process/find-program.ts';
import type { RunResult } from '../process/run-process.ts';
import { type InstallerContext, installerFailure, runInstaller } from './installer.ts';

export interface InstallSystemOptions extends InstallerContext {
  /** Debian packages, without repetition. */
  readonly packages: readonly string[];
  /** Some are installed already and have lost files. */
  readonly reinstall?: boolean;
  readonly offline: boolean;
  readonly onMessage: (text: string) => void;
  readonly tools?: SystemTools;
}

/** The parts of the machine that decide how packages come; tests hand in their own. */
export interface SystemTools {
  readonly aptGet: string | undefined;
  readonly dpkg: string | undefined;
  readonly isRoot: boolean;
  /** Package lists were fetched some time. */
  readonly hasLists: () => boolean;
}

const LISTS = '/var/lib/apt/lists';

export const systemTools = (): SystemTools => ({
  aptGet: findProgram('apt-get'),
  dpkg: findProgram('dpkg'),
  isRoot: process.getuid?.() === 0,
  hasLists: () => {
    try {
      return readdirSync(LISTS).some((file) => file.endsWith('_Packages') || file.endsWith('_Packages.lz4'));
    } catch {
      return false;
    }
  },
});

/** The one line that installs packages. */
export const installLine = (packages: readonly string[], reinstall = false): string =>
  `sudo apt-get install ${reinstall ? '--reinstall ' : ''}-y ${packages.join(' ')}`;

/** apt waits for another apt or dpkg that is at work, ten minutes at most. */
const WAIT = ['-o', 'DPkg::Lock::Timeout=600'];
const INTERRUPTED = /dpkg was interrupted/i;

const printed = (result: RunResult): string => [result.stdout, ...result.stderrTail].join('\n');

/**
 * Installs Debian packages with one call of apt-get, as root; a package list that is missing or too old is fetched first, and a dpkg that
 * was interrupted is brought to its end.
 * @throws Failure ERR_SYSTEM_PACKAGE with the line to type (no root, no apt), ERR_OFFLINE, ERR_ENVIRONMENT, ERR_DISK_FULL, ERR_CANCELLED
 */
export async function installSystem(options: InstallSystemOptions): Promise<void> {
  const { packages, offline, onMessage, tools = systemTools() } = options;
  const names = packages.join(', ');
  const fix = [installLine(packages, options.reinstall)];
  const { aptGet, dpkg } = tools;
  if (aptGet === undefined || !tools.isRoot) {
    throw new Failure('ERR_SYSTEM_PACKAGE', `System packages are missing: ${names}.`, {
      why: aptGet === undefined ? 'There is no apt-get here; install them by hand.' : 'Only root may install them.',
      safe: 'Nothing was changed.',
      fix,
    });
  }
  if (offline) {
    throw new Failure('ERR_OFFLINE', `System packages are missing: ${names}.`, {
      why: 'They have to be fetched and the network may not be used.',
      safe: 'Nothing was changed.',
      fix,
    });
  }
  const context: InstallerContext = {
    env: { ...options.env, DEBIAN_FRONTEND: 'noninteractive', PATH: '/usr/sbin:/usr/bin:/sbin:/bin' },
    signal: options.signal,
  };
  const mode = options.reinstall ? ['install', '--reinstall'] : ['install'];
  const install = () => runInstaller(context, [aptGet, ...WAIT, ...mode, '-y', '--no-install-recommends', ...packages]);
  const update = () => {
    onMessage('fetching the package lists…');
    return runInstaller(context, [aptGet, ...WAIT, 'update']);
  };
  onMessage(`installing system packages: ${names}…`);
  const updated = !tools.hasLists();
  if (updated) await update();
  let result = await install();
  if (result.code !== 0 && dpkg !== undefined && INTERRUPTED.test(printed(result))) {
    await runInstaller(context, [dpkg, '--configure', '-a']);
    result = await install();
  }
  if (result.code !== 0 && !updated) {
    await update();
    result = await install();
  }
  if (result.code !== 0) throw installerFailure(`System packages could not be installed: ${names}.`, result, fix);
}
