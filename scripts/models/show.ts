import type { FileLook } from '../../shared/contract/model-audit.ts';
import { lookAtAll } from '../../shared/models/audit/look-at-models.ts';
import type { ListedModel, ModelRegistry } from '../../shared/models/registry/open-registry.ts';
import { formatModelFacts, type ModelFacts, type ModelFactsFile } from '../../shared/report/format-model-facts.ts';
import type { Invocation } from '../babelreel.ts';
import { parseCommandLine } from '../parse-command-line.ts';
import { environmentIsReady, neededByEngines } from './engine-needs.ts';
import { findCandidates } from './find-candidates.ts';
import { modelsOfJobs } from './models-of-jobs.ts';
import { openStore } from './open-store.ts';

/** `./babelreel.sh models show ID`: everything about one model. */
export async function run({ args, settings, projectDir }: Invocation): Promise<number> {
  const flags = await parseCommandLine('models show', args);
  if (flags === undefined) return 0;
  using store = openStore(settings, projectDir);
  const { registry } = store;
  const model = registry.model(flags.positional ?? '');
  const { id } = model.entry;
  const candidates = await findCandidates(settings, projectDir);
  const closure = registry.closure([id]).map(({ entry }) => entry.id);
  const { models: looks, files } = await lookAtAll({
    ...store,
    ids: [id],
    environmentState: environmentIsReady(candidates),
  });
  const look = looks.get(id);
  if (look === undefined) throw new TypeError(`${id} was not looked at`);
  const naming = (needs: ReadonlyMap<string, readonly string[]>): readonly string[] =>
    [...needs].flatMap(([name, models]) => (models.includes(id) ? [name] : []));
  const facts: ModelFacts = {
    entry: model.entry,
    state: look.state,
    why: look.why,
    revision: model.revision,
    locked: look.locked,
    digest: registry.digest(id),
    dir: look.dir,
    bytes: look.bytes,
    files: filesOf(model, files),
    closure: closure.flatMap((required) => {
      const other = looks.get(required);
      if (other === undefined || required === id) return [];
      return [{ id: required, state: other.own, bytes: other.bytes, locked: other.locked }];
    }),
    flags: flagsOf(id, registry),
    neededBy: {
      models: [...registry.models.values()].flatMap(({ entry }) => (entry.requires.includes(id) ? [entry.id] : [])),
      engines: naming(neededByEngines(candidates)),
      jobs: naming(modelsOfJobs(settings.roots.out)),
    },
  };
  process.stdout.write(`${flags.json ? JSON.stringify(facts) : formatModelFacts(facts)}\n`);
  return 0;
}

/** Its own files; those that are required have their own page. */
function filesOf(model: ListedModel, looks: readonly FileLook[]): readonly ModelFactsFile[] {
  const sums = new Map((model.files ?? model.entry.files).map(({ path, sha256 }) => [path, sha256]));
  return looks
    .filter((look) => look.model === model.entry.id)
    .map(({ path, kind, bytes, state, why }) => ({
      ...{ path, kind, bytes, state },
      sha256: sums.get(path) ?? null,
      why: state === 'missing' ? null : (why ?? null),
    }));
}

/** The flags of cache-models that fetch it, the narrow ones first. */
function flagsOf(id: string, { sets, closure }: ModelRegistry): readonly string[] {
  const named = [...sets].flatMap(([name, set]) => {
    if (closure(set.models).some(({ entry }) => entry.id === id)) return [{ flag: `--${name}`, all: set.all }];
    return set.perLanguage.includes(id) ? [{ flag: `--${name} --lang`, all: false }] : [];
  });
  return [...named.map(({ flag }) => flag), ...(named.some(({ all }) => all) ? ['--all'] : []), `--model ${id}`];
}
