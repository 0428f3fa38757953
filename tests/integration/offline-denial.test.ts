import { execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';
import type { NetworkDenial } from '../../shared/contract/offline.ts';
import type { NetworkControl } from '../../shared/contract/offline-proof.ts';
import { type Denied, harshKernel, ordinaryUser } from '../helpers/harsh-kernel.ts';
import { PROJECT_DIR } from '../helpers/workspace.ts';

/** Which denial a machine has, and what its control says: the probes really try, so a method that does not deny is seen. */
interface Found {
  readonly denial: NetworkDenial;
  readonly uid: number;
  readonly control: NetworkControl | undefined;
  readonly refusal: { readonly code?: string } | undefined;
}

const url = (path: string): string => pathToFileURL(join(PROJECT_DIR, path)).href;
const SCRIPT = `
import { launchPrefix, networkDenial } from '${url('shared/process/launch-prefix.ts')}';
import { runNetworkControl } from '${url('shared/process/network-control.ts')}';
const denial = networkDenial();
let control, refusal;
if (denial === null) try { launchPrefix(true); } catch (error) { refusal = { code: error.code }; }
else control = await runNetworkControl({
  denyNetwork: true, guardDir: ${JSON.stringify(join(PROJECT_DIR, 'shared/worker'))}, guardVariable: 'BABELREEL_OFFLINE_ATTEMPTS',
});
console.log(JSON.stringify({ denial, uid: process.getuid(), control, refusal }));
`;

function look(prefix: readonly string[]): Found {
  const [program = '', ...args] = [...prefix, process.execPath, '--input-type=module', '-e', SCRIPT];
  const env = { PATH: '/usr/bin:/bin', TMPDIR: '/tmp' };
  return JSON.parse(execFileSync(program, args, { encoding: 'utf8', env, cwd: '/' })) as Found;
}

/** What the machine of the tests has itself: a container may have neither. */
const hasNamespaces = spawnSync('unshare', ['-rn', 'true']).status === 0;
const LANDLOCK_VERSION = 'import ctypes as c; print(c.CDLL(None).syscall(444, None, c.c_size_t(0), c.c_uint(1)))';
const hasLandlock = Number(execFileSync('/usr/bin/python3', ['-c', LANDLOCK_VERSION], { encoding: 'utf8' })) >= 4;

const blocked = { blocked: true, reachesWithoutDenial: true, guardSees: true };

describe.each([
  ['root', [] as readonly string[]],
  ['a user without rights', ordinaryUser()],
])('for %s', (who, user) => {
  test('the network is cut off, by a namespace where there is one', () => {
    const { denial, control, uid } = look(user);
    expect(uid === 0).toBe(who === 'root' && process.getuid?.() === 0);
    expect(denial).toBe(hasNamespaces ? 'netns' : hasLandlock ? 'landlock+seccomp' : 'seccomp');
    expect(control).toMatchObject(blocked);
    expect(control?.tries.map(({ out }) => out)).toEqual(Array.from({ length: 10 }, () => false));
  });

  test.each<[string, readonly Denied[], NetworkDenial]>([
    [
      'without namespaces by Landlock and seccomp, which stop UDP, too',
      ['namespaces'],
      hasLandlock ? 'landlock+seccomp' : 'seccomp',
    ],
    ['on a kernel without Landlock by seccomp', ['namespaces', 'landlock'], 'seccomp'],
  ])('%s', (_, denied, expected) => {
    const { denial, control } = look([...user, ...harshKernel(...denied)]);
    expect(denial).toBe(expected);
    expect(control).toMatchObject(blocked);
  });

  test('by Landlock alone TCP is stopped and UDP is not, so the control says that it got out', () => {
    const { denial, control } = look([...user, ...harshKernel('namespaces', 'seccomp')]);
    expect(denial).toBe(hasLandlock ? 'landlock' : null);
    if (denial === null) return;
    expect(control?.blocked).toBe(false);
    const out = control?.tries.flatMap(({ by, what, out: got }) => (got ? [`${by} ${what}`] : []));
    expect(out).toContain('python udp to a server of this machine');
    expect(out?.filter((line) => line.includes('tcp'))).toEqual([]);
  });

  test('with all of them refused nothing is started that was to be cut off', () => {
    const found = look([...user, ...harshKernel('namespaces', 'landlock', 'seccomp')]);
    expect(found).toMatchObject({ denial: null, refusal: { code: 'ERR_OFFLINE' } });
  });
});

test('a denial works inside every other', () => {
  for (const outer of [...(hasNamespaces ? [['unshare', '-rn', '--']] : []), harshKernel('namespaces')]) {
    const mode = hasLandlock ? 'landlock+seccomp' : 'seccomp';
    const launcher = ['/usr/bin/python3', '-I', '-S', '-B', join(PROJECT_DIR, 'shared/process/deny-network.py')];
    const [program = '', ...args] = [...outer, ...launcher, mode, '--', ...launcher, mode, '--'];
    expect(execFileSync(program, [...args, '/bin/echo', 'alive'], { encoding: 'utf8' })).toBe('alive\n');
  }
});

test('a command behind the launcher dies of a closed pipe as any command does', () => {
  const launcher = `/usr/bin/python3 -I -S -B ${join(PROJECT_DIR, 'shared/process/deny-network.py')} seccomp --`;
  const said = execFileSync(
    'bash',
    ['-c', `set -o pipefail; ${launcher} /usr/bin/yes | head -1; echo "\${PIPESTATUS[0]}"`],
    {
      encoding: 'utf8',
    },
  );
  expect(said).toBe('y\n141\n');
});
