import { z } from 'zod';

const HEX40 = z.string().regex(/^[0-9a-f]{40}$/, 'not 40 hexadecimal digits');
const HEX64 = z.string().regex(/^[0-9a-f]{64}$/, 'not 64 hexadecimal digits');
const MODEL_ID = z.string().regex(/^[a-z0-9][a-z0-9._-]{0,95}$/, 'not a model id');
/** `org/name`; no part may be a way out of a folder. */
const REPO = z.string().regex(/^[A-Za-z0-9][\w.-]*\/[A-Za-z0-9][\w.-]*$/, 'not a repository (org/name)');

/** What a model does for babelreel. `vocoder`, `lora` and `support` are parts that other models require. */
export const MODEL_ROLES = [
  'vad',
  'asr',
  'align',
  'diarize',
  'separate',
  'translate',
  'synthesize',
  'animate',
  'vocoder',
  'lora',
  'support',
] as const;
export type ModelRole = (typeof MODEL_ROLES)[number];

export const FILE_KINDS = [
  'weights',
  'config',
  'tokenizer',
  'processor',
  'code',
  'index',
  'dictionary',
  'data',
] as const;

/**
 * One file of a model; `path` is relative to the source's root. Size and digest are absent while nobody has seen the file yet: the entry
 * is then unlocked, and its first download locks it.
 */
export const ModelFile = z.object({
  path: z.string().regex(/^[^/\\][^\\]*$/),
  bytes: z.int().nonnegative().optional(),
  sha256: HEX64.optional(),
  /** git's id of the blob (sha1 of `blob <bytes>\0` and the bytes), by which a hub names its small files. */
  gitSha1: HEX40.optional(),
  kind: z.enum(FILE_KINDS),
  /** Files of one group stand for each other. When the entry is locked, the first that the source has is taken and the others are dropped. */
  oneOf: z.string().optional(),
});
export type ModelFile = z.output<typeof ModelFile>;

/** A file whose size and sha256 are known: the only kind that is fetched, verified or used. */
export interface KnownFile extends ModelFile {
  readonly bytes: number;
  readonly sha256: string;
}

/** A model that ships inside an installed package. */
export const PackageSource = z.object({
  type: z.literal('package'),
  manager: z.enum(['pip', 'npm', 'deb']),
  name: z.string(),
  version: z.string(),
  /** The environment that installs the package; its site-packages for pip, node_modules for npm, the root directory for deb. */
  environment: z.string(),
  /** Folder the files are relative to, inside that. */
  root: z.string(),
});
export type PackageSource = z.output<typeof PackageSource>;

/** A repository of a Hugging Face hub. */
export const HubSource = z.object({
  type: z.literal('hub'),
  repo: REPO,
  /** The commit; absent while it is not known: locking takes that of `branch`. */
  revision: HEX40.optional(),
  branch: z.string().default('main'),
  /** Names the repository had; a store filled under one of them is found too. */
  aliases: z.array(REPO).default([]),
  /** For an unlocked entry: which of the repository's files belong to it, beside those listed. `*` does not cross a slash, `**` does. */
  allow: z.array(z.string()).default([]),
});
export type HubSource = z.output<typeof HubSource>;

/** Files of a plain web server: `<base>/<path>`. */
export const UrlSource = z.object({
  type: z.literal('url'),
  base: z.url({ protocol: /^https?$/ }),
  /** Folder of the models root they are kept in, such as `torch/hub/checkpoints`. */
  folder: z.string().regex(/^[a-z0-9][\w./-]*$/),
});
export type UrlSource = z.output<typeof UrlSource>;

/**
 * Files that were on this machine: a user's own model (`models add DIR`). They are copied to `<models root>/local/<id>/`; no server has them,
 * so what is lost is taken from the folder again.
 */
export const LocalSource = z.object({
  type: z.literal('local'),
  /** Absolute folder they came from. */
  folder: z.string().regex(/^(\/|[A-Za-z]:[\\/])/, 'not an absolute path'),
});
export type LocalSource = z.output<typeof LocalSource>;

export const ModelSource = z.discriminatedUnion('type', [PackageSource, HubSource, UrlSource, LocalSource]);
export type ModelSource = z.output<typeof ModelSource>;

/** One file of an assembled folder: a link to a file of this model or of one that it requires. */
const AssembleStep = z.object({ model: MODEL_ID, path: z.string(), to: z.string() });

/** config/models/<id>.json */
export const ModelEntry = z.object({
  schema: z.literal('model/1'),
  id: MODEL_ID,
  role: z.enum(MODEL_ROLES),
  purpose: z.string(),
  /** Engines that can load it, by name. */
  engines: z.array(z.string()).min(1),
  /** Languages it is for, BCP-47; absent where it is for any. `cache-models --lang` goes by it. */
  languages: z.array(z.string()).optional(),
  source: ModelSource,
  /** May be empty only for a hub source with `allow`. */
  files: z.array(ModelFile).default([]),
  /** Models without which it cannot be loaded. */
  requires: z.array(MODEL_ID).default([]),
  /** The folder it is loaded from when no source has that layout: links to files of several models, a later step replacing an earlier one. */
  assemble: z.array(AssembleStep).optional(),
  /** Terms have to be accepted on this page, and a token be sent. */
  gate: z.object({ acceptUrl: z.url() }).optional(),
  licence: z.object({ id: z.string(), commercial: z.enum(['yes', 'no', 'unstated']), note: z.string().optional() }),
  /** `<os>-<arch>` as of the environments' locks; absent: any. */
  platforms: z.array(z.string()).optional(),
  /** How an engine opens it, for the reader: which path it is given, by which call. */
  load: z.string().optional(),
  /** For a LoRA: the model it changes, the word that wakes it, the denoising steps it is made for. */
  lora: z.object({ base: MODEL_ID, trigger: z.string().nullable(), steps: z.int().positive().nullable() }).optional(),
});
export type ModelEntry = z.output<typeof ModelEntry>;

/** <local>/models.lock.json: what this machine learned about unlocked entries at their first download. */
export const ModelLock = z.object({
  schema: z.literal('model-lock/1'),
  models: z.record(
    MODEL_ID,
    z.object({
      lockedAt: z.string(),
      /** The server that said so. */
      from: z.string(),
      revision: HEX40.nullable(),
      files: z.array(ModelFile.required({ bytes: true, sha256: true }).omit({ oneOf: true })),
    }),
  ),
});
export type ModelLock = z.output<typeof ModelLock>;

/** config/model-sets.json: what each flag of cache-models stands for. */
export const ModelSets = z.object({
  schema: z.literal('model-sets/1'),
  sets: z.record(
    z.string().regex(/^[a-z0-9][a-z0-9-]*$/),
    z.object({
      purpose: z.string(),
      /** Fetched by the flag. */
      models: z.array(MODEL_ID),
      /** Fetched by the flag only for a language that `--lang` names. */
      perLanguage: z.array(MODEL_ID).default([]),
      /** Only by `--model ID` or `--everything`. */
      alternatives: z.array(MODEL_ID).default([]),
      /** Part of `--all`. */
      all: z.boolean(),
    }),
  ),
});
export type ModelSets = z.output<typeof ModelSets>;
export type ModelSet = ModelSets['sets'][string];
