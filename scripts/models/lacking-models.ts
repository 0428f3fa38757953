import { lookAtModels } from '../../shared/models/audit/look-at-models.ts';
import type { ModelPlaces } from '../../shared/models/layout/locate-model.ts';
import type { ModelRegistry } from '../../shared/models/registry/open-registry.ts';

export interface LackingModels {
  readonly ids: readonly string[];
  /** Bytes to fetch, as far as they are known. */
  readonly bytes: number;
  /** Some size is not known yet. */
  readonly unknown: boolean;
}

/** Which of these models, with all they require, have files that are not there. Those that come with an environment are left out. */
export async function lackingModels(
  wanted: readonly string[],
  { registry, places }: { readonly registry: ModelRegistry; readonly places: ModelPlaces },
): Promise<LackingModels> {
  const ids = registry
    .closure(wanted)
    .filter(({ entry }) => entry.source.type !== 'package')
    .map(({ entry }) => entry.id);
  if (ids.length === 0) return { ids: [], bytes: 0, unknown: false };
  const looks = await lookAtModels({ registry, places, digests: undefined, ids });
  const lacking = [...looks.values()].filter(({ own, locked }) => !locked || ABSENT.has(own));
  return {
    ids: lacking.map(({ id }) => id),
    bytes: lacking.reduce((sum, { bytes, presentBytes }) => sum + Math.max(0, bytes - presentBytes), 0),
    unknown: lacking.some(({ locked }) => !locked),
  };
}

/** States in which files are not there; one whose digests nobody knows has to be locked first, wherever its files are. What is there and damaged is told by verifying, which knows the command that repairs it. */
const ABSENT: ReadonlySet<string> = new Set(['missing', 'partial', 'blocked', 'stale']);
