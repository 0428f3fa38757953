import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { Failure } from '../shared/contract/failure.ts';
import type { Digest, EngineId } from '../shared/contract/ids.ts';
import { noDenial, type OfflinePolicy } from '../shared/contract/offline.ts';
import { machineLimits } from '../shared/engines/admission.ts';
import type { EngineEntry } from '../shared/engines/registry.ts';
import { findEngines } from '../shared/engines/registry.ts';
import { ensureEnvironments } from '../shared/environment/ensure.ts';
import { detectHardware } from '../shared/environment/hardware.ts';
import { writeHardwareCache } from '../shared/environment/hardware-cache.ts';
import { environmentIdentity } from '../shared/environment/identity.ts';
import { workerArgv } from '../shared/environment/launch.ts';
import type { Places } from '../shared/environment/places.ts';
import { repairLine } from '../shared/environment/repair-line.ts';
import {
  type EnvironmentTable,
  environmentOf,
  type LoadedEnvironment,
  loadEnvironmentSpecs,
} from '../shared/environment/specs.ts';
import { environmentState } from '../shared/environment/state.ts';
import { toolVariables } from '../shared/environment/tool-variables.ts';
import { workerVariables } from '../shared/environment/variables.ts';
import type { Candidate } from '../shared/job/choose-engine.ts';
import { loadWorkflows, type WorkflowTable } from '../shared/job/load-workflows.ts';
import { dumpFfmpegVersion } from '../shared/media/dump-ffmpeg-version.ts';
import { loadDir } from '../shared/models/layout/locate-model.ts';
import { type ModelRegistry, openRegistry } from '../shared/models/registry/open-registry.ts';
import { findProgram } from '../shared/process/find-program.ts';
import { networkDenial } from '../shared/process/launch-prefix.ts';
import type { RunMachine } from '../shared/runner/run-job.ts';
import type { CodeDigests } from '../shared/runner/stage-key.ts';
import type { FileDigests } from '../shared/store/file-digests.ts';
import type { Settings } from '../shared/util/settings.ts';

import { type ModelPolicy, provideModels } from './provide-models.ts';
import { readCode } from './read-code.ts';

/** What this machine has, put together from the rooms: the only place that knows all of them. */
export interface Machine {
  readonly app: string;
  readonly code: CodeDigests;
  readonly engines: ReadonlyMap<EngineId, EngineEntry>;
  readonly environments: EnvironmentTable;
  /** As it is now: a download that locks a model changes what it says. */
  registry(): ModelRegistry;
  /** Cpu slots and memory that work may take together. */
  readonly limits: { readonly cpu: number; readonly ramMiB: number };
  /** With enforce nothing is installed or fetched. */
  readonly offlinePolicy: OfflinePolicy;
  /** Every engine with the state of its environment. */
  candidates(): readonly Candidate[];
  identityOfEnvironment(id: string): Digest | null;
  modelIdentity(id: string): { readonly revision: string | null; readonly digest: Digest | null };
  /** Makes or repairs environments; throws the first failure after all were tried. */
  ensure(environments: readonly string[], onMessage: (text: string) => void, signal?: AbortSignal): Promise<void>;
  /** ffmpeg and ffprobe, installed if that is possible. */
  openTools(onMessage: (text: string) => void, signal?: AbortSignal): Promise<Tools>;
  runMachine(options: {
    readonly tools: Tools;
    readonly digests: () => FileDigests;
    readonly policy: ModelPolicy;
  }): RunMachine;
}

export interface Tools {
  readonly ffmpeg: string;
  readonly ffprobe: string;
  readonly env: Readonly<Record<string, string>>;
  readonly versions: Readonly<Record<string, string>>;
}

/** @throws Failure ERR_OFFLINE when the policy is enforce and the kernel cannot deny the network */
export async function openMachine(
  settings: Settings,
  projectDir: string,
  offlinePolicy: OfflinePolicy = 'guard',
): Promise<Machine> {
  if (offlinePolicy === 'enforce' && networkDenial() === null) throw noDenial();
  const { roots } = settings;
  const configDir = join(projectDir, 'config');
  const places = { projectDir, roots };
  const engines = await findEngines(join(projectDir, 'stages'));
  const environments = loadEnvironmentSpecs(configDir);
  let known: ModelRegistry | undefined;
  const registry = (): ModelRegistry => {
    known ??= openRegistry(configDir, roots.local);
    return known;
  };
  const { version } = JSON.parse(readFileSync(join(projectDir, 'package.json'), 'utf8')) as {
    readonly version: string;
  };

  const ensure: Machine['ensure'] = async (ids, onMessage, signal) => {
    const unique = [...new Set(ids)].sort();
    if (offlinePolicy === 'enforce')
      refuseToInstall(
        unique.map((id) => environmentOf(environments, id)),
        places,
      );
    const outcomes = await ensureEnvironments(unique, {
      table: environments,
      places,
      onMessage,
      offline: offlinePolicy === 'enforce',
      ...(signal !== undefined && { signal }),
    });
    const cachePath = join(configDir, 'hardware_cache.json');
    if (outcomes.some((outcome) => outcome.made) || !existsSync(cachePath)) await writeHardware(cachePath);
    const failed = outcomes.find((outcome) => outcome.failure !== undefined)?.failure;
    if (failed !== undefined) throw failed;
  };
  const writeHardware = async (path: string): Promise<void> => {
    await writeHardwareCache(path, {
      hardware: await detectHardware(),
      table: environments,
      projectDir,
      roots,
      ...environmentMaps([...engines.values()], loadWorkflows(configDir)),
    });
  };
  const environmentOfEngine = (id: EngineId): string => {
    const entry = engines.get(id);
    if (entry === undefined)
      throw new Failure('ERR_ENGINE_UNKNOWN', `There is no engine ${id}.`, { fix: ['./babelreel.sh engines'] });
    return entry.definition.environment;
  };
  const identityOfEnvironment = (id: string): Digest | null =>
    environmentIdentity(environmentOf(environments, id), places);

  return {
    app: version,
    code: readCode(projectDir),
    engines,
    environments,
    registry,
    limits: machineLimits(settings.limits),
    candidates: () =>
      [...engines.values()].map(({ id, definition }) => ({
        id,
        definition,
        state: environmentState(environmentOf(environments, definition.environment), places).state,
      })),
    offlinePolicy,
    identityOfEnvironment,
    modelIdentity(id) {
      const models = registry();
      return { revision: models.model(id).revision, digest: models.digest(id) };
    },
    ensure,
    async openTools(onMessage, signal) {
      await ensure(['ffmpeg'], onMessage, signal);
      const [ffmpeg, ffprobe] = [findProgram('ffmpeg'), findProgram('ffprobe')];
      if (ffmpeg === undefined || ffprobe === undefined)
        throw new Failure('ERR_SYSTEM_PACKAGE', 'ffmpeg was not found.', { fix: ['sudo apt-get install -y ffmpeg'] });
      const env = toolVariables();
      return {
        ffmpeg,
        ffprobe,
        env,
        versions: { ffmpeg: await dumpFfmpegVersion(ffmpeg, env), 'node.icu': process.versions.icu ?? 'none' },
      };
    },
    runMachine: ({ tools, digests, policy }) => ({
      async ensure({ engines: needed, models: wanted, onMessage, signal }) {
        await ensure(needed.map(environmentOfEngine), onMessage, signal);
        await provideModels(wanted, {
          registry,
          onFetched: () => {
            known = undefined;
          },
          places,
          digests: digests(),
          settings,
          policy,
          onMessage,
          signal,
        });
      },
      identityOf: (id) => identityOfEnvironment(environmentOfEngine(id)),
      modelDigestOf: (id) => registry().digest(id),
      denyNetwork: offlinePolicy !== 'off' && networkDenial() !== null,
      ffmpeg: tools.ffmpeg,
      ffprobe: tools.ffprobe,
      toolEnv: tools.env,
      toolVersions: tools.versions,
      async launch({ entry, models: wanted, runtime }, dir) {
        const { spec } = environmentOf(environments, entry.definition.environment);
        const listed = registry();
        const located = wanted.map(({ id, digest }) => ({
          id,
          path: loadDir(listed.model(id), places),
          digest,
        }));
        return {
          argv: workerArgv({ spec, roots, workerPath: entry.workerPath }),
          env: workerVariables({
            spec,
            roots,
            scratch: dir,
            threads: runtime.threads,
            projectDir,
            guard: offlinePolicy !== 'off' && entry.definition.network === 'none',
          }),
          cwd: dir,
          models: located,
          repair: repairLine(spec, roots.environments),
        };
      },
    }),
  };
}

/** @throws Failure ERR_ENVIRONMENT or ERR_SYSTEM_PACKAGE for the first environment that a run would have to make */
function refuseToInstall(needed: readonly LoadedEnvironment[], places: Places): void {
  for (const loaded of needed) {
    const { state, why } = environmentState(loaded, places);
    if (state === 'ready') continue;
    const { spec } = loaded;
    throw new Failure(
      spec.kind === 'system' ? 'ERR_SYSTEM_PACKAGE' : 'ERR_ENVIRONMENT',
      `Environment ${spec.id} is ${state}, and --offline enforce installs nothing.`,
      {
        why: `${why ?? `It is for ${spec.purpose}`}.`,
        safe: 'Nothing was started.',
        fix: [spec.kind === 'system' ? repairLine(spec, places.roots.environments) : './run-pipeline.sh --demo'],
      },
    );
  }
}

/** Which environments the engines of a stage, and of all stages of a workflow, need. */
function environmentMaps(
  engines: readonly EngineEntry[],
  workflows: WorkflowTable,
): { readonly stages: Record<string, string[]>; readonly workflows: Record<string, string[]> } {
  const stages: Record<string, string[]> = {};
  for (const { dir, definition } of engines) {
    const stage = basename(dirname(dirname(dir)));
    stages[stage] = [...new Set([...(stages[stage] ?? []), definition.environment])].sort();
  }
  const ofWorkflow = [...workflows.values()].map(({ id, stages: used }) => [
    id,
    [...new Set(used.flatMap(({ stage }) => stages[stage] ?? []))].sort(),
  ]);
  return { stages, workflows: Object.fromEntries(ofWorkflow) as Record<string, string[]> };
}
