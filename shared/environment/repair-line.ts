import type { EnvironmentSpec } from '../contract/environment.ts';
import { quoted } from '../store/disk-failure.ts';
import { installLine } from './install-system.ts';
import { environmentDir } from './places.ts';

/**
 * The command to type when an environment that looks whole does not work: what it removes is made again by the next run, what it installs
 * comes anew.
 */
export function repairLine(spec: EnvironmentSpec, environments: string): string {
  switch (spec.kind) {
    case 'uv':
      return `rm -r ${quoted(environmentDir(environments, spec.id))}`;
    case 'system':
      return installLine(spec.packages, true);
    case 'node':
      return 'npm ci';
  }
}
