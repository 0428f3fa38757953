import { execaSync } from 'execa';
import { Failure } from '../contract/failure.ts';
import { findProgram } from './find-program.ts';

type Prefix = readonly string[];

const remembered = new Map<string, Prefix | undefined>();

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

function firstWorking(key: string, candidates: () => readonly Prefix[]): Prefix | undefined {
  if (!remembered.has(key)) remembered.set(key, candidates().find(works));
  return remembered.get(key);
}

/** `setpriv --pdeathsig KILL --` where it works: the child dies with the thread that started it, even if that one is killed. */
export const deathSignalPrefix = (): Prefix =>
  firstWorking('death-signal', () => {
    const setpriv = process.platform === 'linux' ? findProgram('setpriv') : undefined;
    return setpriv === undefined ? [] : [[setpriv, '--pdeathsig', 'KILL', '--']];
  }) ?? [];

/** A fresh network namespace whose only interface is a loopback that is down; undefined where the machine forbids one. */
const networkDenialPrefix = (): Prefix | undefined =>
  firstWorking('network', () => {
    const unshare = process.platform === 'linux' ? findProgram('unshare') : undefined;
    if (unshare === undefined) return [];
    // Root needs no user namespace, and keeping its ids keeps its rights to files; a plain user needs one.
    return process.getuid?.() === 0
      ? [
          [unshare, '-n', '--'],
          [unshare, '-rn', '--'],
        ]
      : [[unshare, '-rn', '--']];
  });

/** True where the kernel can cut a child from every network, loopback included. */
export const canDenyNetwork = (): boolean => networkDenialPrefix() !== undefined;

/**
 * What goes in front of a command. The namespace comes first: making a user namespace can clear a death signal set before it.
 * @throws Failure ERR_OFFLINE when the network must be denied and this machine cannot
 */
export function launchPrefix(denyNetwork: boolean): Prefix {
  if (!denyNetwork) return deathSignalPrefix();
  const denial = networkDenialPrefix();
  if (denial === undefined) {
    throw new Failure('ERR_OFFLINE', 'The network cannot be cut off on this machine.', {
      why: 'Neither `unshare -n` nor `unshare -rn` works here: user namespaces are missing or forbidden.',
      safe: 'Nothing was started.',
      fix: ['sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0'],
    });
  }
  return [...denial, ...deathSignalPrefix()];
}
