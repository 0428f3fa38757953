import { join } from 'node:path';
import { type ListedModel, type ModelRegistry, openRegistry } from '../../shared/models/registry/open-registry.ts';
import { formatModelSets, type SetModel, type SetRow } from '../../shared/report/format-model-sets.ts';
import type { Invocation } from '../babelreel.ts';

/** What `cache-models --help` says of every flag; no size is typed by hand. */
export function describeSets({ settings, projectDir }: Pick<Invocation, 'settings' | 'projectDir'>): string {
  return formatModelSets(setRows(openRegistry(join(projectDir, 'config'), settings.roots.local)));
}

export function setRows(registry: ModelRegistry): readonly SetRow[] {
  const models = (ids: readonly string[]): readonly SetModel[] => ids.map((id) => setModel(registry.model(id)));
  return [...registry.sets].map(([flag, set]) => ({
    flag,
    purpose: set.purpose,
    all: set.all,
    // With what they require, so that the sum is what really comes.
    models: models(registry.closure(set.models).map(({ entry }) => entry.id)),
    perLanguage: models(set.perLanguage),
    alternatives: models(set.alternatives),
  }));
}

const setModel = ({ entry, files }: ListedModel): SetModel => {
  const sizes = (files ?? entry.files).flatMap(({ bytes }) => (bytes === undefined ? [] : [bytes]));
  return {
    id: entry.id,
    bytes: sizes.length === 0 ? null : sizes.reduce((sum, bytes) => sum + bytes, 0),
    locked: files !== undefined,
    licence: entry.licence.id,
    commercial: entry.licence.commercial,
    gated: entry.gate !== undefined,
    languages: entry.languages ?? [],
  };
};
