import type { EngineDefinition } from '../../shared/contract/engine.ts';
import type { EngineId } from '../../shared/contract/ids.ts';
import { ROLE_NAMES } from '../../shared/contract/roles/index.ts';
import { type Candidate, chooseEngine } from '../../shared/job/choose-engine.ts';
import type { ListedModel } from '../../shared/models/registry/open-registry.ts';

type Language = string | readonly [string, string] | null;

/**
 * Engine -> the models it loads for the languages for which it would be chosen on this machine: what the workflows need when nobody names an
 * engine. Engines without models are left out.
 */
export function neededByEngines(candidates: readonly Candidate[]): ReadonlyMap<EngineId, readonly string[]> {
  const needs = new Map<EngineId, Set<string>>();
  for (const role of ROLE_NAMES) {
    const ofRole = candidates.filter(({ definition }) => definition.role === role);
    for (const language of languagesOf(ofRole.map(({ definition }) => definition))) {
      const chosen = chooseEngine(ofRole, { role, language, commercial: false })?.chosen;
      if (chosen === undefined) continue;
      const models = modelsFor(chosen.definition, language);
      if (models.length === 0) continue;
      needs.set(chosen.id, new Set([...(needs.get(chosen.id) ?? []), ...models]));
    }
  }
  return new Map([...needs].map(([id, models]) => [id, [...models].sort()]));
}

function languagesOf(definitions: readonly EngineDefinition[]): readonly Language[] {
  const all = definitions.flatMap(({ languages }): readonly Language[] => (languages === 'any' ? [null] : languages));
  return [...new Map(all.map((language) => [JSON.stringify(language), language])).values()];
}

/** Engines name their languages `language`, or `source` and `target`; other parameters have defaults. */
function modelsFor(definition: EngineDefinition, language: Language): readonly string[] {
  const given =
    language === null ? {} : typeof language === 'string' ? { language } : { source: language[0], target: language[1] };
  const parsed = definition.params.safeParse(given);
  return parsed.success ? definition.models(parsed.data as never) : [];
}

/** Whether an engine that can load a model is ready; true for a model whose engines are not part of this version. */
export function environmentIsReady(candidates: readonly Candidate[]): (model: ListedModel) => boolean {
  return ({ entry }) => {
    const able = candidates.filter(({ definition }) => entry.engines.includes(definition.name));
    return able.length === 0 || able.some(({ state }) => state === 'ready');
  };
}
