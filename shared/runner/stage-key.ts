import { Failure } from '../contract/failure.ts';
import type { Digest, Fingerprint, StageInstance } from '../contract/ids.ts';
import { MEDIA_PORT, splitPortReference } from '../contract/ids.ts';
import type { JobManifest, JobStage } from '../contract/job.ts';
import type { StageKey, StageRecord } from '../contract/record.ts';
import { fingerprintOf } from '../util/digest.ts';

/** Stage id -> digest of its import closure; config/code.json. */
export type CodeDigests = Readonly<Record<string, string>>;

export interface KeyContext {
  readonly manifest: JobManifest;
  readonly code: CodeDigests;
  /** Identities found at run time, by engine or model id, for those the manifest holds as null. */
  readonly resolved: Readonly<Record<string, Digest>>;
}

/** Stage instances a stage reads, in wiring order, without the film. */
export function producersOf(stage: JobStage): readonly StageInstance[] {
  const references = Object.values(stage.inputs).flat();
  return [
    ...new Set(
      references
        .filter((reference) => reference !== MEDIA_PORT)
        .map((reference) => splitPortReference(reference).instance),
    ),
  ];
}

/**
 * The key of a stage, from plain data only; undefined while the record of a producer is not known.
 * An optional output that its producer did not write is left out.
 */
export function stageKey(
  stage: JobStage,
  context: KeyContext,
  recordOf: (instance: StageInstance) => StageRecord | undefined,
): StageKey | undefined {
  const { manifest, code } = context;
  const inputs: Record<string, string | readonly string[]> = {};
  const digestOf = (reference: string): string | undefined | null => {
    if (reference === MEDIA_PORT) return manifest.media.digest;
    const { instance, port } = splitPortReference(reference);
    const record = recordOf(instance);
    return record === undefined ? null : record.outputs[port]?.digest;
  };
  for (const [port, wiring] of Object.entries(stage.inputs)) {
    if (typeof wiring === 'string') {
      const digest = digestOf(wiring);
      if (digest === null) return undefined;
      if (digest !== undefined) inputs[port] = digest;
      continue;
    }
    const list: string[] = [];
    for (const reference of wiring) {
      const digest = digestOf(reference);
      if (digest === null) return undefined;
      if (digest !== undefined) list.push(`${splitPortReference(reference).instance}=${digest}`);
    }
    inputs[port] = list;
  }
  const closure = code[stage.stage];
  if (closure === undefined) {
    throw new Failure('ERR_CONFIG_INVALID', `config/code.json has no digest for stage ${stage.stage}.`, {
      fix: ['npm run generate'],
    });
  }
  const models = new Set<string>();
  const engines = Object.fromEntries(
    Object.entries(stage.engines).map(([need, id]) => {
      const locked = manifest.lock.engines[id];
      if (locked === undefined) throw new Error(`engine ${id} is not in the lock of job ${manifest.id}`);
      for (const model of locked.models) models.add(model);
      const environment = locked.environment ?? context.resolved[id] ?? null;
      return [need, { id, version: locked.version, environment, params: stage.engineParams[need] ?? {} }];
    }),
  );
  return {
    v: 1,
    stage: stage.stage,
    code: closure,
    engines,
    models: [...models]
      .sort()
      .map((id) => ({ id, digest: manifest.lock.models[id]?.digest ?? context.resolved[id] ?? null })),
    tools: Object.fromEntries(stage.tools.map((tool) => [tool, manifest.lock.tools[tool] ?? 'unknown'])),
    params: stage.params,
    inputs,
  };
}

export const fingerprintOfKey = (key: StageKey): Fingerprint => fingerprintOf(key);

/** Nothing is remembered under an identity that is not known. */
export const isCacheable = (key: StageKey): boolean =>
  Object.values(key.engines).every((engine) => engine.environment !== null) &&
  key.models.every((model) => model.digest !== null);
