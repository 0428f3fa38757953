import { z } from 'zod';
import type { JobId } from './ids.ts';
import { DIGEST_PATTERN, isJobId } from './ids.ts';
import { Language } from './language.ts';
import { Clip, DigestSchema, Probe } from './media.ts';
import { OFFLINE_POLICIES } from './offline.ts';

export const JobIdSchema = z.custom<JobId>((value) => typeof value === 'string' && isJobId(value), 'not a job id');

const Params = z.record(z.string(), z.unknown());

/** One node of the job's graph, everything expanded. */
export const JobStage = z.object({
  id: z.string(),
  stage: z.string(),
  /** Port -> reference, or a list of references for a `files` port. */
  inputs: z.record(z.string(), z.union([z.string(), z.array(z.string())])),
  /** Ports it writes, so that a plan needs no stage module: name -> kind. */
  outputs: z.record(z.string(), z.enum(['stream', 'file'])),
  /** Need name -> engine id; the name is the role for a stage with one engine. */
  engines: z.record(z.string(), z.string()),
  /** Need name -> engine parameters. */
  engineParams: z.record(z.string(), Params),
  params: Params,
  tools: z.array(z.string()),
  whole: z.boolean(),
  /** Not in keys. */
  runtime: z.object({ threads: z.int().positive() }),
});
export type JobStage = z.output<typeof JobStage>;

export const LockedEngine = z.object({
  version: z.string(),
  environment: DigestSchema.nullable(),
  models: z.array(z.string()),
});
export type LockedEngine = z.output<typeof LockedEngine>;

export const Deliverable = z.object({ from: z.string(), to: z.string() });
export type Deliverable = z.output<typeof Deliverable>;

export const JobManifest = z.object({
  schema: z.literal('job/1'),
  id: JobIdSchema,
  parent: JobIdSchema.optional(),
  createdAt: z.string(),
  app: z.string(),
  workflow: z.string(),
  media: z.object({
    /** As typed, made absolute: where it was when the job was prepared. */
    path: z.string(),
    bytes: z.int().positive(),
    mtimeNs: z.string(),
    ctimeNs: z.string(),
    ino: z.string(),
    digest: DigestSchema,
    clip: Clip,
    probe: Probe,
    /** Counted over audio streams from 0. */
    audioStream: z.int().nonnegative(),
  }),
  languages: z.object({ source: Language, targets: z.array(Language), dubInto: z.array(Language) }),
  stages: z.array(JobStage),
  lock: z.object({
    engines: z.record(z.string(), LockedEngine),
    models: z.record(
      z.string(),
      // Null while the model is unlocked: the run that fetches it finds out.
      z.object({ revision: z.string().nullable().optional(), digest: DigestSchema.nullable() }),
    ),
    tools: z.record(z.string(), z.string()),
  }),
  policy: z.object({
    acceptDamaged: z.boolean(),
    commercial: z.boolean(),
    onFailure: z.enum(['no-new', 'continue', 'kill']),
    /** A manifest without it means guard. */
    offline: z.enum(OFFLINE_POLICIES).optional(),
  }),
  deliverables: z.array(Deliverable),
  /** sha256 of the canonical JSON of everything else. */
  selfDigest: z.string().regex(DIGEST_PATTERN),
});
export type JobManifest = z.output<typeof JobManifest>;
