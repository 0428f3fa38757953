import { existsSync, statfsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { lookAtModels } from '../../shared/models/audit/look-at-models.ts';
import { fetchModels } from '../../shared/models/download/fetch-models.ts';
import { planFetch } from '../../shared/models/download/plan-fetch.ts';
import type { ModelPlaces } from '../../shared/models/layout/locate-model.ts';
import { type ModelRegistry, openRegistry } from '../../shared/models/registry/open-registry.ts';
import { assembleModel } from '../../shared/models/transfer/assemble-model.ts';
import { importModels } from '../../shared/models/transfer/import-models.ts';
import { failureJson } from '../../shared/report/failure-json.ts';
import { formatFetched, formatFetchPlan } from '../../shared/report/format-fetch.ts';
import { reportFailure } from '../../shared/report/report-failure.ts';
import type { LockHolder } from '../../shared/store/folder-lock.ts';
import type { Invocation } from '../babelreel.ts';
import { runTask, type StoreTask, waitNote } from '../models/run-task.ts';
import { openMachine } from '../open-machine.ts';
import type { Parsed } from '../parse-command-line.ts';
import { chooseModels } from './choose-models.ts';
import { type Ended, endOf, endOfImport, endOfPackages, endOfRest, plannedModel } from './ends.ts';
import { obtainToken } from './obtain-token.ts';

/**
 * `./cache-models.sh`: chooses, says what comes, makes the environments of package models, fetches the rest. One model that fails stops no
 * other.
 * @returns 0 when all that was chosen is stored, else the exit code of the first failure
 */
export async function cacheModels(flags: Parsed<'cache-models'>, invocation: Invocation): Promise<number> {
  return await runTask(invocation, flags, (task) => run(flags, invocation, task));
}

async function run(
  flags: Parsed<'cache-models'>,
  { settings, projectDir }: Invocation,
  { store, progress, signal }: StoreTask,
): Promise<number> {
  const { json } = flags;
  const machine = await openMachine(settings, projectDir);
  const { registry, places, digests } = store;
  const { ids, notes } = chooseModels(flags, registry, settings.roots.out);
  const say = (text: string): void => progress.note(text);
  notes.forEach(say);
  const common = {
    registry,
    places,
    digests,
    signal,
    localDir: settings.roots.local,
    quotaGB: settings.models.quotaGB,
    endpoints: settings.models.endpoints,
    onMessage: say,
  };
  const onBytes = (at: BytesDone): void =>
    progress.update({ doneBytes: at.doneBytes, totalBytes: at.totalBytes ?? at.doneBytes, now: at.path });

  /** As it is afterwards: a download or an import may have locked a model. */
  const reopen = (): ModelRegistry => openRegistry(join(projectDir, 'config'), settings.roots.local);
  /** Undefined after a dry run. */
  const fetchChosen = async (): Promise<readonly Ended[] | undefined> => {
    if (flags.repair) await lookAtModels({ ...common, ids, deep: true, onProgress: onBytes });
    const plan = await planFetch(ids, common);
    const rows = plan.models.map(plannedModel);
    const text = json
      ? `${JSON.stringify({ schema: 'fetch-plan/1', ...plan })}\n`
      : formatFetchPlan(rows, spaceOf(settings.roots.models[0] ?? projectDir));
    if (flags['dry-run']) {
      process.stdout.write(text);
      return undefined;
    }
    if (!json) process.stderr.write(text);
    const token = await obtainToken({ tokenFile: flags['token-file'], mayAsk: !flags.yes && !json }, rows, signal);
    const toFetch = rows.filter(({ environment }) => environment === null).map(({ id }) => id);
    const options = { ...common, ...(token !== undefined && { token }), onProgress: onBytes };
    return [
      ...(await endOfPackages(plan.models, (environments) => machine.ensure(environments, say, signal))),
      ...(await fetchModels(toFetch, options)).map(endOf),
    ];
  };
  const importChosen = async (from: string): Promise<readonly Ended[]> => {
    const onWait = (holder: LockHolder): void => say(waitNote(holder));
    const report = await importModels({ ...common, from, ids, onWait, onProgress: onBytes });
    const answered = new Set(report.models.map(({ id }) => id));
    const rest = ids.filter((id) => !answered.has(id));
    return [...endOfImport(report), ...(await endOfRest(rest, { ...common, registry: reopen() }))];
  };
  const ended = flags.import === undefined ? await fetchChosen() : await importChosen(flags.import);
  if (ended === undefined) return 0;
  progress.close();
  await assembleComplete(ended, { registry: reopen(), places, signal });
  const failures = ended.flatMap(({ failure }) => (failure === undefined ? [] : [failure]));
  if (json) process.stdout.write(`${JSON.stringify({ schema: 'cached-models/1', models: ended.map(inJson) })}\n`);
  else {
    for (const failure of failures) reportFailure(failure, { json, projectDir });
    process.stdout.write(formatFetched(ended.map(({ row }) => row)));
  }
  return failures[0]?.exitCode ?? 0;
}

const inJson = ({ row, failure }: Ended): object => ({
  ...row,
  ...(failure !== undefined && { failure: failureJson(failure) }),
});

/** The folders of links of the models that are complete now. */
async function assembleComplete(
  ended: readonly Ended[],
  options: { readonly registry: ModelRegistry; readonly places: ModelPlaces; readonly signal: AbortSignal },
): Promise<void> {
  const failed = new Set(ended.filter(({ failure }) => failure !== undefined).map(({ row }) => row.id));
  for (const { row } of ended) {
    const closure = options.registry.closure([row.id]).map(({ entry }) => entry.id);
    if (options.registry.model(row.id).entry.assemble !== undefined && !closure.some((id) => failed.has(id)))
      await assembleModel(row.id, options);
  }
}

interface BytesDone {
  readonly doneBytes: number;
  readonly totalBytes: number | null;
  readonly path: string;
}

function spaceOf(store: string): { readonly freeBytes: number; readonly store: string } {
  let folder = store;
  while (!existsSync(folder)) folder = dirname(folder);
  const { bavail, bsize } = statfsSync(folder);
  return { freeBytes: bavail * bsize, store };
}
