import { resolve } from 'node:path';
import type { StoreAudit } from '../../shared/contract/model-audit.ts';
import type { Candidate } from '../../shared/job/choose-engine.ts';
import { auditFolder } from '../../shared/models/audit/audit-folder.ts';
import type { AuditOptions } from '../../shared/models/audit/audit-options.ts';
import { auditStore } from '../../shared/models/audit/audit-store.ts';
import { lookAtModels } from '../../shared/models/audit/look-at-models.ts';
import type { ModelRegistry } from '../../shared/models/registry/open-registry.ts';
import { formatModelAudit, isWholly, type ModelAuditReport } from '../../shared/report/format-model-audit.ts';
import { isStored } from '../../shared/report/format-model-state.ts';
import type { Invocation } from '../babelreel.ts';
import { parseCommandLine } from '../parse-command-line.ts';
import { environmentIsReady, neededByEngines } from './engine-needs.ts';
import { findCandidates } from './find-candidates.ts';
import { modelsOfJobs } from './models-of-jobs.ts';
import { nameOfFile } from './name-of-file.ts';
import { runTask } from './run-task.ts';

const INCOMPLETE = 6;

/** `./babelreel.sh models audit`: whether everything that counts is stored. */
export async function run(invocation: Invocation): Promise<number> {
  const flags = await parseCommandLine('models audit', invocation.args);
  if (flags === undefined) return 0;
  const { settings, projectDir } = invocation;
  return await runTask(invocation, flags, async ({ store, progress, signal }) => {
    const { registry } = store;
    const { model: named, deep, all } = flags;
    // An id that nobody knows is refused before anything is looked at.
    registry.closure(named);
    const options: AuditOptions = {
      ...store,
      deep,
      quotaGB: flags.quota ?? settings.models.quotaGB,
      signal,
      onProgress: ({ path, ...bytes }) => progress.update({ ...bytes, now: nameOfFile(path) }),
    };
    const folder = flags.root === undefined ? null : resolve(flags.root);
    const jobs = modelsOfJobs(settings.roots.out);
    const folderAudit =
      folder === null ? null : await auditFolder(folder, { ...options, ids: named.length === 0 ? undefined : named });
    const audit =
      folderAudit ?? (await auditOwn(options, { named, jobs, candidates: await findCandidates(settings, projectDir) }));
    progress.close();
    const isWhole = named.length === 0 && folder === null;
    const report: ModelAuditReport = {
      audit,
      folder: folderAudit === null || folder === null ? null : { ...folderAudit, dir: folder },
      next: folder === null ? nextCommand(audit, registry) : null,
      all,
      jobs: isWhole ? jobs : new Map(),
      others: isWhole ? othersThan(audit, registry) : [],
    };
    const text = flags.json
      ? JSON.stringify({ ...audit, jobs: Object.fromEntries(report.jobs), others: report.others })
      : formatModelAudit(report);
    process.stdout.write(`${text}\n`);
    return isWholly(audit.stored) ? 0 : INCOMPLETE;
  });
}

interface Needs {
  readonly named: readonly string[];
  readonly jobs: ReadonlyMap<string, readonly string[]>;
  readonly candidates: readonly Candidate[];
}

/** Of the store: the models named, else those that an engine or a job needs and those of which something is there. */
async function auditOwn(options: AuditOptions, { named, jobs, candidates }: Needs): Promise<StoreAudit> {
  const environmentState = environmentIsReady(candidates);
  if (named.length > 0) return await auditStore({ ...options, environmentState, ids: named });
  const looks = await lookAtModels({ ...options, deep: false });
  const wanted = new Set([...neededByEngines(candidates).values(), ...jobs.values()].flat());
  // A job may be locked to a model that this version does not know any more; its line says so.
  const ids = [...looks].flatMap(([id, { presentBytes }]) => (wanted.has(id) || presentBytes > 0 ? [id] : []));
  return await auditStore({ ...options, environmentState, ids: ids.sort() });
}

function othersThan({ models }: StoreAudit, registry: ModelRegistry): ModelAuditReport['others'] {
  const counted = new Set(models.map(({ id }) => id));
  return [...registry.models.values()].flatMap(({ entry, files }) => {
    const bytes = (files ?? entry.files).reduce((sum, file) => sum + (file.bytes ?? 0), 0);
    return counted.has(entry.id) ? [] : [{ id: entry.id, bytes, locked: files !== undefined }];
  });
}

/** Brings all that is not stored and can be fetched: by the models that nothing else that is missing requires. */
function nextCommand({ models }: StoreAudit, registry: ModelRegistry): string | null {
  const lacking = models.filter(({ state }) => !isStored(state)).map(({ id, own }) => ({ ...registry.model(id), own }));
  const parts = new Set(lacking.flatMap(({ entry }) => entry.requires));
  const wanted = lacking.filter(({ entry }) => entry.source.type !== 'package' && !parts.has(entry.id));
  if (wanted.length === 0) return null;
  const repair = lacking.some(({ own }) => own === 'corrupt') ? ' --repair' : '';
  return `./cache-models.sh ${wanted.map(({ entry }) => `--model ${entry.id}`).join(' ')}${repair}`;
}
