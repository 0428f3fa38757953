import { join } from 'node:path';
import { findEngines } from '../../shared/engines/registry.ts';
import { environmentOf, loadEnvironmentSpecs } from '../../shared/environment/specs.ts';
import { environmentState } from '../../shared/environment/state.ts';
import type { Candidate } from '../../shared/job/choose-engine.ts';
import type { Settings } from '../../shared/util/settings.ts';

/** Every engine with the state of its environment, by looking alone: no program is started. */
export async function findCandidates({ roots }: Settings, projectDir: string): Promise<readonly Candidate[]> {
  const engines = await findEngines(join(projectDir, 'stages'));
  const environments = loadEnvironmentSpecs(join(projectDir, 'config'));
  const states = new Map(
    [...environments].map(([id, loaded]) => [id, environmentState(loaded, { projectDir, roots }).state]),
  );
  return [...engines.values()].map(({ id, definition }) => ({
    id,
    definition,
    // An unknown environment is refused with the names of those there are.
    state:
      states.get(definition.environment) ??
      environmentState(environmentOf(environments, definition.environment), { projectDir, roots }).state,
  }));
}
