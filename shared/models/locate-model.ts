import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { ModelEntry } from '../contract/model.ts';
import type { Roots } from '../util/settings.ts';

export interface ModelPlaces {
  readonly projectDir: string;
  readonly roots: Pick<Roots, 'environments'>;
}

/** `<environment>/lib/python3.N/site-packages`; a made-up N while the environment is not there. */
function sitePackages(environment: string): string {
  const lib = join(environment, 'lib');
  let names: readonly string[] = [];
  try {
    names = readdirSync(lib);
  } catch {
    // Not made yet: the path below does not exist either, which is what the caller will find.
  }
  return join(lib, names.find((name) => /^python3\.\d+$/.test(name)) ?? 'python3', 'site-packages');
}

/**
 * Absolute folder the entry's files are relative to: in the environment's site-packages for pip, in node_modules for npm, under `/` for a
 * Debian package. The folder need not exist.
 */
export function locateModel({ source }: Pick<ModelEntry, 'source'>, { projectDir, roots }: ModelPlaces): string {
  switch (source.manager) {
    case 'pip':
      return join(sitePackages(join(roots.environments, source.environment)), source.root);
    case 'npm':
      return join(projectDir, 'node_modules', source.root);
    case 'deb':
      return join('/', source.root);
  }
}
