import { Failure } from './failure.ts';

/** From the laxest to the strictest. */
export const OFFLINE_POLICIES = ['off', 'guard', 'enforce'] as const;

/**
 * `enforce`: the kernel cuts workers and ffmpeg from every network, and nothing is fetched or installed; refused where the kernel cannot.
 * `guard`: what the machine has. `off`: nothing is denied.
 */
export type OfflinePolicy = (typeof OFFLINE_POLICIES)[number];

/** How the kernel denies the network on this machine; null where it cannot. Said in words by shared/report/describe-offline.ts. */
export type NetworkDenial = 'netns' | 'bwrap' | 'landlock+seccomp' | 'landlock' | 'seccomp' | 'sandbox-exec' | null;

/** A try to reach a network, seen and refused by the audit hook of a Python worker (shared/worker/sitecustomize.py). */
export interface NetworkAttempt {
  readonly engine: string;
  /** The audit event: `socket.getaddrinfo`, `socket.connect`, … */
  readonly event: string;
  /** Name or address; empty when the call named none. */
  readonly host: string;
  readonly port: number | null;
  /** Who wanted it, innermost first: `file:line in function`. Frames of Python's own library are left out where others are there. */
  readonly stack: readonly string[];
}

/** The policy of a run: of the manifest and the command line the stricter wins. A manifest that says nothing means guard. */
export function offlinePolicy(manifest: OfflinePolicy | undefined, wish: OfflinePolicy | undefined): OfflinePolicy {
  const rank = (policy: OfflinePolicy): number => OFFLINE_POLICIES.indexOf(policy);
  const own = manifest ?? 'guard';
  return wish !== undefined && rank(wish) > rank(own) ? wish : own;
}

/** `--offline [enforce|guard|off]` as it was parsed: alone it is an empty text and means enforce. */
export const readOfflineFlag = (value: string | undefined): OfflinePolicy | undefined =>
  value === '' ? 'enforce' : OFFLINE_POLICIES.find((known) => known === value);

/** What is said to an engine with declared hosts where the policy is enforce. */
export const needsNetwork = (engine: string): Failure =>
  new Failure(
    'ERR_OFFLINE',
    `The engine ${engine} works by asking a host in the network, and --offline enforce forbids that.`,
    {
      why: 'It declares hosts of its own; an engine that works on this machine declares none.',
      safe: 'Nothing was started.',
      fix: ['./babelreel.sh engines'],
    },
  );

/** What is said where the network has to be denied and cannot be. */
export const noDenial = (): Failure =>
  new Failure('ERR_OFFLINE', 'The network cannot be cut off on this machine.', {
    why: 'Network namespaces (`unshare -n`, `unshare -rn`, bwrap), Landlock and seccomp were tried; the kernel or the container forbids all of them.',
    safe: 'Nothing was started.',
    fix: ['sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0'],
  });
