import type { NetworkAttempt, NetworkDenial, OfflinePolicy } from '../contract/offline.ts';

/** What each way of the kernel cuts off, in words; only what is so. */
const COVERS: Readonly<Record<Exclude<NetworkDenial, null>, string>> = {
  netns: 'in a network namespace without any interface',
  bwrap: 'in a network namespace made by bwrap, without any interface but a loopback of its own',
  'landlock+seccomp': 'under Landlock and a seccomp filter, which let them open no socket of a network',
  landlock: 'under Landlock, which denies TCP; UDP, so also a look-up of a name, is not denied by it',
  seccomp: 'under a seccomp filter, which lets them open no socket of a network',
  'sandbox-exec': 'under sandbox-exec, which is unproven',
};

const GUARD = 'Python workers also had a guard that refuses and writes down every attempt.';

/** How the network was kept from a run, for a report. */
export function describeOffline(options: {
  readonly policy: OfflinePolicy;
  readonly denial: NetworkDenial;
  readonly attempts: readonly NetworkAttempt[];
}): string {
  const { policy, denial, attempts } = options;
  if (policy === 'off')
    return 'off: nothing was denied. Engines were only told to stay offline by their variables (--offline off).';
  const kernel =
    denial === null
      ? 'This machine gives the kernel no way to deny a network: native code was only told to stay offline by its variables.'
      : `The kernel cut engines and ffmpeg off: they ran ${COVERS[denial]}.`;
  return `${policy === 'enforce' ? 'enforced' : 'guarded'}: ${kernel} ${GUARD}${told(attempts)}`;
}

function told(attempts: readonly NetworkAttempt[]): string {
  const [first] = attempts;
  if (first === undefined) return ' None was seen.';
  const where = first.host === '' ? 'a network' : `${first.host}${first.port === null ? '' : `:${first.port}`}`;
  return ` Refused: ${attempts.length}. The first was of ${first.engine}, to ${where} (${first.stack[0] ?? 'unknown place'}).`;
}
