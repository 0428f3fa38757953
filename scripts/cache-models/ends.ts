import { Failure, isFailure } from '../../shared/contract/failure.ts';
import { type VerifyOptions, verifyModel } from '../../shared/models/audit/verify-model.ts';
import type { FetchOutcome } from '../../shared/models/download/fetch-options.ts';
import type { PlannedFetch } from '../../shared/models/download/plan-fetch.ts';
import type { ImportReport } from '../../shared/models/transfer/import-report.ts';
import type { FetchedModel, PlannedModel } from '../../shared/report/format-fetch.ts';

/** How one model ended, as it is shown, with the failure that decides the exit code. */
export interface Ended {
  readonly row: FetchedModel;
  readonly failure: Failure | undefined;
}

/** A row of the plan. */
export const plannedModel = (model: PlannedFetch): PlannedModel => ({
  id: model.id,
  missingBytes: model.missingBytes,
  knownBytes: model.knownBytes,
  licence: model.licence.id,
  commercial: model.licence.commercial,
  acceptUrl: model.gate?.acceptUrl ?? null,
  environment: model.environment,
});

export const endOf = ({ id, outcome, fetchedBytes, linkedBytes, seconds, failure }: FetchOutcome): Ended => ({
  row: {
    id,
    result: outcome === 'fetched' ? 'fetched' : outcome === 'failed' ? 'failed' : 'stored already',
    fetchedBytes,
    linkedBytes,
    seconds,
    why: failure === undefined ? '' : failure.message,
  },
  failure,
});

/** What an import brought; a model that is still not complete has failed, since the disk was to be its source. */
export function endOfImport({ from, models, bytes }: ImportReport): readonly Ended[] {
  const imported = models.filter(({ imported: taken }) => taken.length > 0).length;
  return models.map(({ id, complete, imported: taken, wrong, missing }) => {
    const why = [
      ...(wrong[0] === undefined ? [] : [`${wrong[0].from}: ${wrong[0].why}`]),
      ...(missing.length === 0 ? [] : [`${missing.length} files are not there, such as ${missing[0]}`]),
    ].join('; ');
    const failure = complete
      ? undefined
      : new Failure(wrong.length > 0 ? 'ERR_MODEL_CORRUPT' : 'ERR_MODEL_MISSING', `${from} does not complete ${id}.`, {
          why: `${why}.`,
          safe: 'Nothing but verified files was taken in.',
          fix: [`./cache-models.sh --model ${id}`],
        });
    const result = !complete ? 'failed' : taken.length > 0 ? 'imported' : 'stored already';
    // The report counts all bytes together; they are shown where one model was imported alone.
    const fetchedBytes = taken.length > 0 && imported === 1 ? bytes : 0;
    return { row: { id, result, fetchedBytes, linkedBytes: 0, seconds: 0, why: complete ? '' : why }, failure };
  });
}

/** Models an import says nothing of: inside packages, or with digests that nobody knows. Each ends as verifying says it stands. */
export async function endOfRest(ids: readonly string[], options: VerifyOptions): Promise<readonly Ended[]> {
  const ended: Ended[] = [];
  for (const id of ids) {
    let failure: Failure | undefined;
    try {
      await verifyModel(id, options);
    } catch (error) {
      if (!isFailure(error) || error.code === 'ERR_CANCELLED') throw error;
      failure = error;
    }
    const result = failure === undefined ? 'stored already' : 'failed';
    const why = failure?.message ?? '';
    ended.push({ row: { id, result, fetchedBytes: 0, linkedBytes: 0, seconds: 0, why }, failure });
  }
  return ended;
}

/** Models that come with an environment: it is made, and each of them ends as its environment does. */
export async function endOfPackages(
  models: readonly PlannedFetch[],
  ensure: (environments: readonly string[]) => Promise<void>,
): Promise<readonly Ended[]> {
  const ended: Ended[] = [];
  const environments = new Map<string, string[]>();
  for (const { id, environment } of models)
    if (environment !== null) environments.set(environment, [...(environments.get(environment) ?? []), id]);
  for (const [environment, ids] of environments) {
    let failure: Failure | undefined;
    try {
      await ensure([environment]);
    } catch (error) {
      if (!isFailure(error) || error.code === 'ERR_CANCELLED') throw error;
      failure = error;
    }
    const why = failure?.message ?? '';
    const result = failure === undefined ? 'environment ready' : 'failed';
    for (const id of ids)
      ended.push({ row: { id, result, fetchedBytes: 0, linkedBytes: 0, seconds: 0, why }, failure });
  }
  return ended;
}
