import { statSync } from 'node:fs';
import { basename, extname, resolve } from 'node:path';
import type { SubtitleProfile } from '../contract/cue.ts';
import type { EnvironmentState } from '../contract/environment.ts';
import { Failure } from '../contract/failure.ts';
import type { Digest, EngineId, StageInstance } from '../contract/ids.ts';
import type { JobManifest, JobStage, LockedEngine } from '../contract/job.ts';
import type { Probe } from '../contract/media.ts';
import { needsNetwork } from '../contract/offline.ts';
import type { Role } from '../contract/roles/index.ts';
import type { AnyStage } from '../contract/stage.ts';
import type { WorkflowSpec } from '../contract/workflow.ts';
import { didYouMean } from '../util/nearest.ts';
import { safeName } from '../util/safe-name.ts';
import { type Candidate, chooseEngine, type EngineWish, explainNone } from './choose-engine.ts';
import { chooseProfile } from './choose-profile.ts';
import { checkWiring, type ExpandedStage, expandWorkflow, type JobLanguages } from './expand-workflow.ts';
import { expandParams, fillPlaceholders, parameterNames, parseSetting } from './fill-params.ts';
import { type JobRequest, readBurnIn, readClip, readLanguages, readWishes } from './read-request.ts';
import { type ManifestBody, writeManifest } from './write-manifest.ts';

/** The parts of the machine that a job is prepared against. */
export interface JobWorld {
  readonly app: string;
  readonly outDir: string;
  readonly workflow: WorkflowSpec;
  readonly stages: ReadonlyMap<string, AnyStage>;
  readonly candidates: readonly Candidate[];
  readonly profiles: readonly SubtitleProfile[];
  readonly cpus: number;
  environmentIdentity(id: string): Digest | null;
  /** What a model is: the commit of its repository where it has one, the digest of its files; null while it is unlocked. */
  modelIdentity(id: string): { readonly revision: string | null; readonly digest: Digest | null };
  readonly tools: Readonly<Record<string, string>>;
  /** All checks that need no decoding; throws a media Failure. */
  inspect(path: string): Promise<Probe>;
  chooseAudioStream(probe: Probe, wish: number | string | undefined): number;
  digestOf(path: string): Promise<Digest>;
}

export interface StageChoice {
  readonly instance: StageInstance;
  readonly role: Role;
  readonly engine: EngineId | null;
  readonly state: EnvironmentState | null;
  readonly environment: string | null;
  readonly voice?: string;
  readonly others: readonly { readonly id: EngineId; readonly why: string }[];
}

export interface PreparedJob {
  readonly manifest: JobManifest;
  readonly choices: readonly StageChoice[];
}

/** Validates everything that can be known before any work, chooses the engines and writes the manifest (docs/concepts.md). */
export async function prepareJob(request: JobRequest, world: JobWorld): Promise<PreparedJob> {
  const languages = readLanguages(request, world.workflow);
  const burnIn = readBurnIn(request, languages, world.workflow);
  const wishes = readWishes(request, world.candidates);
  const path = resolve(request.media);
  const probe = await world.inspect(path);
  const clip = readClip(request, probe);
  const audioStream = world.chooseAudioStream(probe, request.audioStream ?? undefined);
  const name = safeName(request.name ?? basename(path, extname(path)));

  const expanded = expandWorkflow(world.workflow, languages, name);
  checkWiring(world.workflow.id, expanded, world.stages);
  const settings = request.settings.map(parseSetting);
  for (const setting of settings) {
    if (!expanded.stages.some((stage) => stage.id === setting.stage || stage.stage === setting.stage)) {
      const ids = [...new Set(expanded.stages.flatMap((stage) => [stage.stage, stage.id]))];
      throw new Failure(
        'ERR_PARAMETER',
        `Workflow ${world.workflow.id} has no stage ${JSON.stringify(setting.stage)}.${didYouMean(setting.stage, ids)}`,
        {
          why: `Stages: ${ids.join(', ')}.`,
          fix: ['./prepare-job.sh --help'],
        },
      );
    }
  }

  const choices: StageChoice[] = [];
  const locked = new Map<EngineId, LockedEngine>();
  const stages = expanded.stages.map((stage): JobStage => {
    const definition = world.stages.get(stage.stage) as AnyStage;
    const engines: Record<string, string> = {};
    const engineParams: Record<string, Record<string, unknown>> = {};
    let voice: string | undefined;
    for (const [need, role, optional] of needsOf(definition)) {
      const wish: EngineWish = {
        role,
        language: languageFor(role, stage, languages),
        voice: wishes.voiceFor(role, stage.language),
        engine: wishes.engineFor(role),
        commercial: request.commercial,
      };
      const choice = chooseEngine(world.candidates, wish);
      if (choice === undefined) {
        if (!optional) throw explainNone(world.candidates, wish);
        choices.push({ instance: stage.id, role, engine: null, state: null, environment: null, others: [] });
        continue;
      }
      const { definition: engine, id, state } = choice.chosen;
      if (request.offline === 'enforce' && engine.network !== 'none') throw needsNetwork(id);
      voice = wish.voice ?? engine.voices?.find((entry) => entry.language === stage.language)?.name;
      const params = engineParameters(engine.params, {
        source: languages.source,
        target: stage.language,
        language: stage.language,
      });
      const models = engine.models(params);
      engines[need] = id;
      engineParams[need] = params;
      const others = new Set([...(locked.get(id)?.models ?? []), ...models]);
      locked.set(id, {
        version: engine.version,
        environment: world.environmentIdentity(engine.environment),
        models: [...others].sort(),
      });
      choices.push({
        instance: stage.id,
        role,
        engine: id,
        state,
        environment: engine.environment,
        ...(voice !== undefined && { voice }),
        others: choice.others,
      });
    }
    const values = {
      media: { audioStream, durationMs: probe.durationMs },
      clip: {
        startMs: request.startMs === undefined ? null : clip.startMs,
        endMs: request.endMs === undefined ? null : clip.endMs,
      },
      policy: { acceptDamaged: request.acceptDamaged },
      lang: stage.language,
      source: languages.source,
      profile: chooseProfile(world.profiles, stage.language),
      voice,
      burnIn,
    };
    return {
      id: stage.id,
      stage: stage.stage,
      inputs: Object.fromEntries(
        Object.entries(stage.inputs).map(([port, wiring]) => [port, typeof wiring === 'string' ? wiring : [...wiring]]),
      ),
      outputs: Object.fromEntries(
        Object.entries(definition.outputs).map(([port, { kind }]) => [port, kind === 'stream' ? 'stream' : 'file']),
      ),
      engines,
      engineParams,
      params: expandParams(
        { id: stage.id, definition },
        fillPlaceholders(stage.params, values),
        settings.filter((entry) => entry.stage === stage.id || entry.stage === stage.stage),
      ),
      tools: [...(definition.tools ?? [])],
      whole: definition.whole ?? false,
      runtime: { threads: world.cpus },
    };
  });

  refuseUnusedEngines(request, choices);
  const stat = statSync(path, { bigint: true });
  const body: ManifestBody = {
    schema: 'job/1',
    createdAt: new Date().toISOString(),
    app: world.app,
    workflow: world.workflow.id,
    media: {
      path,
      bytes: Number(stat.size),
      mtimeNs: String(stat.mtimeNs),
      ctimeNs: String(stat.ctimeNs),
      ino: String(stat.ino),
      digest: await world.digestOf(path),
      clip,
      probe,
      audioStream,
    },
    languages: { source: languages.source, targets: [...languages.targets], dubInto: [...languages.dubInto] },
    stages,
    lock: {
      engines: Object.fromEntries(locked),
      models: Object.fromEntries(
        [...locked.values()].flatMap((engine) => engine.models).map((id) => [id, world.modelIdentity(id)]),
      ),
      tools: Object.fromEntries(
        stages.flatMap((stage) => stage.tools).map((tool) => [tool, world.tools[tool] ?? 'unknown']),
      ),
    },
    policy: {
      acceptDamaged: request.acceptDamaged,
      commercial: request.commercial,
      onFailure: 'no-new',
      offline: request.offline ?? 'guard',
    },
    deliverables: [...expanded.deliverables],
  };
  return { manifest: await writeManifest(body, { outDir: world.outDir, name, id: request.id }), choices };
}

/** `[need name, role, optional]` of a stage. */
function needsOf({ role }: AnyStage): readonly (readonly [string, Role, boolean])[] {
  if (role === undefined) return [];
  const read = (name: string, need: string): readonly [string, Role, boolean] => [
    name,
    need.replace('?', '') as Role,
    need.endsWith('?'),
  ];
  return typeof role === 'string'
    ? [read(role.replace('?', ''), role)]
    : Object.entries(role).map(([name, need]) => read(name, need));
}

function languageFor(role: Role, stage: ExpandedStage, languages: JobLanguages): EngineWish['language'] {
  if (role === 'vad') return null;
  return role === 'translate' ? [languages.source, stage.language] : stage.language;
}

/** Engine parameters with defaults; languages are given to engines that ask for them. */
function engineParameters(
  schema: Candidate['definition']['params'],
  offered: Readonly<Record<string, string>>,
): Record<string, unknown> {
  const names = parameterNames(schema);
  return schema.parse(Object.fromEntries(Object.entries(offered).filter(([name]) => names.includes(name)))) as Record<
    string,
    unknown
  >;
}

/** An engine for a role that the workflow has not would be ignored without a word. */
function refuseUnusedEngines(request: JobRequest, choices: readonly StageChoice[]): void {
  const used = [...new Set(choices.map(({ role }) => role as string))];
  for (const text of request.engines) {
    const role = text.split('=', 1)[0] ?? '';
    if (used.includes(role)) continue;
    throw new Failure('ERR_USAGE', `--engine ${text}: the workflow has no stage that needs ${role}.`, {
      why: `It needs ${used.join(', ')}.`,
      fix: ['./prepare-job.sh --help'],
    });
  }
}
