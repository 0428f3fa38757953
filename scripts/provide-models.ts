import { Failure } from '../shared/contract/failure.ts';
import { verifyModel } from '../shared/models/audit/verify-model.ts';
import { fetchModels } from '../shared/models/download/fetch-models.ts';
import type { ModelPlaces } from '../shared/models/layout/locate-model.ts';
import type { ModelRegistry } from '../shared/models/registry/open-registry.ts';
import { assembleModel } from '../shared/models/transfer/assemble-model.ts';
import { amountOf, assumedMinutes } from '../shared/report/format-fetch.ts';
import { createProgressLine } from '../shared/report/progress-line.ts';
import type { FileDigests } from '../shared/store/file-digests.ts';
import type { Settings } from '../shared/util/settings.ts';
import { type LackingModels, lackingModels } from './models/lacking-models.ts';

/** What a run may do about models that are not there. */
export interface ModelPolicy {
  readonly jobId: string;
  /** Fetch without asking: `--download-models`, `--yes` or `models.onMissing=download`. */
  readonly download: boolean;
  /** The network may not be used at all. */
  readonly offline: boolean;
  /** Asks a person; undefined where nobody can answer. */
  readonly ask?: ((question: string) => Promise<boolean>) | undefined;
  readonly token?: string | undefined;
  readonly quiet: boolean;
}

export interface ProvideOptions {
  /** As it is now. */
  readonly registry: () => ModelRegistry;
  /** A download may have locked a model, which changes what the registry says. */
  readonly onFetched: () => void;
  readonly places: ModelPlaces;
  readonly digests: FileDigests;
  readonly settings: Pick<Settings, 'models' | 'roots'>;
  readonly policy: ModelPolicy;
  readonly onMessage: (text: string) => void;
  readonly signal: AbortSignal;
}

/**
 * Before the first stage: the models a run needs are there, complete and verified with all they require, or they are fetched when that is
 * allowed, or the run ends here. Never inside a worker.
 * @throws Failure ERR_MODEL_MISSING, ERR_MODEL_CORRUPT, and what the download says
 */
export async function provideModels(wanted: readonly string[], options: ProvideOptions): Promise<void> {
  const { places, digests, signal } = options;
  if (wanted.length === 0) return;
  const registry = options.registry();
  const lacking = await lackingModels(wanted, { registry, places });
  if (lacking.ids.length > 0) await fetchOrRefuse(lacking, options);
  for (const { entry } of registry.closure(wanted))
    if (entry.assemble !== undefined) await assembleModel(entry.id, { registry: options.registry(), places, signal });
  for (const id of wanted) await verifyModel(id, { registry: options.registry(), places, digests, signal });
}

async function fetchOrRefuse(lacking: LackingModels, options: ProvideOptions): Promise<void> {
  const { ids, bytes } = lacking;
  const { policy, settings, signal, onMessage } = options;
  const size = amountOf(lacking);
  const command = `./cache-models.sh --for-job ${policy.jobId}`;
  const names = ids.join(', ');
  const missing = (why: string): Failure =>
    new Failure(
      'ERR_MODEL_MISSING',
      `The job needs ${ids.length === 1 ? 'a model that is' : 'models that are'} not here.`,
      {
        why: `${names}: ${size} to fetch. ${why}`,
        safe: 'Nothing was started.',
        fix: [command, `./run-pipeline.sh -j ${policy.jobId} --download-models`],
      },
    );
  if (policy.offline) throw missing('The network is off for this run.');
  const wish = `⚠️  First run: downloads ${size} (~${assumedMinutes(bytes)} min): ${names}`;
  if (!policy.download) {
    if (policy.ask === undefined) throw missing('Nobody can be asked here, so nothing is fetched unasked.');
    onMessage(wish);
    if (!(await policy.ask('Download now?'))) throw missing('The download was declined.');
  } else onMessage(wish);
  using progress = createProgressLine({ stderr: process.stderr, quiet: policy.quiet });
  const outcomes = await fetchModels(ids, {
    registry: options.registry(),
    places: options.places,
    localDir: settings.roots.local,
    digests: options.digests,
    endpoints: settings.models.endpoints,
    quotaGB: settings.models.quotaGB,
    ...(policy.token !== undefined && { token: policy.token }),
    signal,
    onProgress: ({ doneBytes, totalBytes, now }) => progress.update({ doneBytes, totalBytes, now }),
    onMessage: (text) => progress.note(text),
  });
  options.onFetched();
  const failed = outcomes.find(({ failure }) => failure !== undefined)?.failure;
  if (failed !== undefined) throw failed;
}
