import { join } from 'node:path';
import type { EnvironmentSpec } from '../contract/environment.ts';
import type { Roots } from '../util/settings.ts';

/** Where environments and installer caches lie, and the project folder. */
export interface Places {
  readonly projectDir: string;
  readonly roots: Pick<Roots, 'environments' | 'packages'>;
}

/** Folder of a Python environment. */
export const environmentDir = (environments: string, id: string): string => join(environments, id);

/** Its interpreter. */
export const interpreterOf = (environments: string, id: string): string =>
  join(environmentDir(environments, id), 'bin', 'python');

/** What a report shows as the path of an environment; null where there is no folder of its own. */
export function environmentPath(spec: EnvironmentSpec, places: Places): string | null {
  if (spec.kind === 'uv') return environmentDir(places.roots.environments, spec.id);
  return spec.kind === 'node' ? join(places.projectDir, 'node_modules') : null;
}
