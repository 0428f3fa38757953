import { join } from 'node:path';
import { execaSync } from 'execa';
import { type NetworkDenial, noDenial } from '../contract/offline.ts';
import { findProgram } from './find-program.ts';

type Prefix = readonly string[];

interface Denial {
  readonly method: Exclude<NetworkDenial, null>;
  readonly prefix: Prefix;
}

/** Tries a prefix once on `true`: a container or a kernel setting may forbid what the program offers. */
function works(prefix: Prefix): boolean {
  const [program, ...rest] = prefix;
  const nothing = findProgram('true');
  if (program === undefined || nothing === undefined) return false;
  const result = execaSync(program, [...rest, nothing], {
    reject: false,
    extendEnv: false,
    env: {},
    stdio: 'ignore',
    timeout: 5_000,
  });
  return result.exitCode === 0;
}

let deathSignal: Prefix | undefined;

/** `setpriv --pdeathsig KILL --` where it works: the child dies with the thread that started it, even if that one is killed. */
export function deathSignalPrefix(): Prefix {
  const setpriv = process.platform === 'linux' ? findProgram('setpriv') : undefined;
  const prefix = setpriv === undefined ? [] : [setpriv, '--pdeathsig', 'KILL', '--'];
  deathSignal ??= prefix.length > 0 && works(prefix) ? prefix : [];
  return deathSignal;
}

const program = (name: string, ...args: readonly string[]): readonly Prefix[] => {
  const path = findProgram(name);
  return path === undefined ? [] : [[path, ...args]];
};

/** A Python of the system is preferred: one that is found by PATH may be a script that takes longer than what it starts. */
function landlockPrefixes(): readonly Denial[] {
  const python = findProgram('python3', '/usr/bin:/bin') ?? findProgram('python3');
  if (python === undefined) return [];
  const launcher = [python, '-I', '-S', '-B', join(import.meta.dirname, 'deny-network.py')];
  return (['landlock+seccomp', 'landlock', 'seccomp'] as const).map((method) => ({
    method,
    prefix: [...launcher, method, '--'],
  }));
}

/** The ways to deny the network, the most thorough and cheapest first. */
function candidates(): readonly Denial[] {
  const as = (method: Denial['method'], prefixes: readonly Prefix[]): readonly Denial[] =>
    prefixes.map((prefix) => ({ method, prefix }));
  if (process.platform === 'darwin') {
    // Unproven: written by Apple's manual page, never run by a test of ours.
    return as('sandbox-exec', program('sandbox-exec', '-p', '(version 1)(allow default)(deny network*)'));
  }
  if (process.platform !== 'linux') return [];
  return [
    // Root needs no user namespace, and keeping its ids keeps its rights to files; a plain user needs one.
    ...(process.getuid?.() === 0 ? as('netns', program('unshare', '-n', '--')) : []),
    ...as('netns', program('unshare', '-rn', '--')),
    // It may be allowed what unshare is not: set-uid, or by a profile of its own.
    ...as('bwrap', program('bwrap', '--dev-bind', '/', '/', '--unshare-net', '--die-with-parent', '--')),
    ...landlockPrefixes(),
  ];
}

let denial: Denial | null | undefined;

function findDenial(): Denial | null {
  if (denial === undefined) denial = candidates().find(({ prefix }) => works(prefix)) ?? null;
  return denial;
}

/** How the kernel cuts a child from every network, loopback included; null where it cannot. Tried once, then remembered. */
export const networkDenial = (): NetworkDenial => findDenial()?.method ?? null;

/**
 * What goes in front of a command. The denial comes first: making a user namespace can clear a death signal set before it.
 * @throws Failure ERR_OFFLINE when the network must be denied and this machine cannot
 */
export function launchPrefix(denyNetwork: boolean): Prefix {
  if (!denyNetwork) return deathSignalPrefix();
  const found = findDenial();
  if (found === null) throw noDenial();
  return [...found.prefix, ...deathSignalPrefix()];
}
