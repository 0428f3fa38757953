import { z } from 'zod';
import { ROLE_NAMES } from './roles/index.ts';

const HEX64 = z.string().regex(/^[0-9a-f]{64}$/);

/** One file of a model; `path` is relative to the source's root. */
export const ModelFile = z.object({
  path: z.string().regex(/^[^/\\][^\\]*$/),
  bytes: z.int().nonnegative(),
  sha256: HEX64,
  kind: z.enum(['weights', 'config', 'tokenizer', 'processor', 'code', 'index', 'dictionary', 'data']),
});
export type ModelFile = z.output<typeof ModelFile>;

/** A model that ships inside an installed package. Hub and url sources come with the model store. */
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

/** config/models/<id>.json */
export const ModelEntry = z.object({
  schema: z.literal('model/1'),
  id: z.string().regex(/^[a-z0-9][a-z0-9._-]{0,95}$/),
  role: z.enum(ROLE_NAMES as [string, ...string[]]),
  purpose: z.string(),
  source: PackageSource,
  files: z.array(ModelFile).min(1),
  licence: z.object({ id: z.string(), commercial: z.enum(['yes', 'no', 'unstated']), note: z.string().optional() }),
});
export type ModelEntry = z.output<typeof ModelEntry>;
