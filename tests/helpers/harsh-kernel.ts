import { join } from 'node:path';
import { PROJECT_DIR } from './workspace.ts';

export type Denied = 'namespaces' | 'landlock' | 'seccomp';

/** What goes in front of a command to run it where the kernel refuses these things; nothing for none. */
export const harshKernel = (...denied: readonly Denied[]): readonly string[] =>
  denied.length === 0
    ? []
    : [
        '/usr/bin/python3',
        '-I',
        '-S',
        '-B',
        join(PROJECT_DIR, 'tests/helpers/deny-syscalls.py'),
        denied.join(','),
        '--',
      ];

/** To read every file is the one right that is kept: the project may lie in the folder of root. */
const READ = 'dac_read_search';

/** What goes in front of a command to run it as a user without rights; nothing where the tests are such a user. */
export const ordinaryUser = (): readonly string[] =>
  process.getuid?.() === 0
    ? [
        ...['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups'],
        ...['--inh-caps', `-all,+${READ}`, '--ambient-caps', `-all,+${READ}`, '--bounding-set', `-all,+${READ}`, '--'],
      ]
    : [];
