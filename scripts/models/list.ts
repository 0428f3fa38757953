import { relative } from 'node:path';
import { Failure } from '../../shared/contract/failure.ts';
import { MODEL_ROLES } from '../../shared/contract/model.ts';
import { lookAtModels } from '../../shared/models/audit/look-at-models.ts';
import { formatModelList } from '../../shared/report/format-model-list.ts';
import { didYouMean } from '../../shared/util/nearest.ts';
import type { Invocation } from '../babelreel.ts';
import { parseCommandLine } from '../parse-command-line.ts';
import { environmentIsReady } from './engine-needs.ts';
import { findCandidates } from './find-candidates.ts';
import { openStore } from './open-store.ts';

/** `./babelreel.sh models list`: one line a model, by role. */
export async function run({ args, settings, projectDir }: Invocation): Promise<number> {
  const flags = await parseCommandLine('models list', args);
  if (flags === undefined) return 0;
  const role = flags.role === undefined ? undefined : checkRole(flags.role);
  using store = openStore(settings, projectDir);
  const environmentState = environmentIsReady(await findCandidates(settings, projectDir));
  const ids = [...store.registry.models.values()].flatMap(({ entry }) =>
    role === undefined || entry.role === role ? [entry.id] : [],
  );
  const looks = await lookAtModels({ ...store, environmentState, ids });
  const rows = ids.flatMap((id) => {
    const look = looks.get(id);
    const { entry } = store.registry.model(id);
    if (look === undefined) return [];
    const { dir, state, why, bytes, locked, commercial, gated, presentBytes } = look;
    return [
      {
        ...{ id, role: entry.role, engines: entry.engines, state, why, bytes, locked, commercial, gated, presentBytes },
        licence: entry.licence.id,
        languages: entry.languages ?? null,
        at: presentBytes > 0 ? dir : null,
      },
    ];
  });
  rows.sort((a, b) => MODEL_ROLES.indexOf(a.role) - MODEL_ROLES.indexOf(b.role) || (a.id < b.id ? -1 : 1));
  if (flags.json) process.stdout.write(`${JSON.stringify({ models: rows })}\n`);
  else {
    const shown = rows.map((row) => ({ ...row, at: row.at === null ? null : shortPath(row.at, projectDir) }));
    process.stdout.write(`${formatModelList(shown, process.stdout.columns)}\n`);
  }
  return 0;
}

/** @throws Failure ERR_USAGE with a suggestion */
export function checkRole(given: string): (typeof MODEL_ROLES)[number] {
  const role = MODEL_ROLES.find((known) => known === given);
  if (role !== undefined) return role;
  throw new Failure('ERR_USAGE', `There is no role ${JSON.stringify(given)}.${didYouMean(given, MODEL_ROLES)}`, {
    why: `Roles: ${MODEL_ROLES.join(', ')}.`,
    fix: ['./babelreel.sh models list'],
  });
}

const shortPath = (path: string, projectDir: string): string =>
  path.startsWith(`${projectDir}/`) ? relative(projectDir, path) : path;
