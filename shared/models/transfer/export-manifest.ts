import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { Failure } from '../../contract/failure.ts';
import { ModelEntry, ModelFile } from '../../contract/model.ts';
import { errorCode } from '../../store/disk-failure.ts';
import type { KnownModel } from '../registry/open-registry.ts';

export const MANIFEST_NAME = 'manifest.json';

/** `flat`: plain files under `<model id>/`; `hub`: a models root as the store is one; `tar`: flat, as one archive. */
export const EXPORT_FORMS = ['flat', 'hub', 'tar'] as const;
export type ExportForm = (typeof EXPORT_FORMS)[number];

/**
 * `manifest.json` of an export: in a folder written last, so that a folder with one is whole; in an archive the first entry, so that the rest can
 * be judged while it streams by. The entries and what was locked travel along, so that models which the other machine does not list can be used there.
 */
export const ExportManifest = z.object({
  schema: z.literal('model-export/1'),
  exportedAt: z.string(),
  form: z.enum(EXPORT_FORMS),
  /** What is required first. */
  models: z.array(
    z.object({
      entry: ModelEntry,
      revision: z
        .string()
        .regex(/^[0-9a-f]{40}$/)
        .nullable(),
      files: z.array(ModelFile.required({ bytes: true, sha256: true }).omit({ oneOf: true })),
    }),
  ),
});
export type ExportManifest = z.output<typeof ExportManifest>;
export type ExportedModel = ExportManifest['models'][number];

/** The text of a manifest. */
export function manifestText(models: readonly KnownModel[], form: ExportForm): string {
  const manifest: ExportManifest = {
    schema: 'model-export/1',
    exportedAt: new Date().toISOString(),
    form,
    models: models.map(({ entry, revision, files }) => ({
      entry,
      revision,
      files: files.map(({ oneOf: _, ...file }) => file),
    })),
  };
  return `${JSON.stringify(manifest, null, 2)}\n`;
}

/** Undefined for JSON of another kind. Throws ERR_CONFIG_INVALID for a manifest of an export that is damaged, naming `where`. */
export function parseManifest(text: string, where: string): ExportManifest | undefined {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return undefined;
  }
  if ((json as { schema?: unknown } | null)?.schema !== 'model-export/1') return undefined;
  const parsed = ExportManifest.safeParse(json);
  if (parsed.success) return parsed.data;
  throw new Failure('ERR_CONFIG_INVALID', `${where} is not a valid manifest of exported models.`, {
    why: parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; '),
    safe: 'Nothing was imported.',
  });
}

/** The manifest of an exported folder; undefined where there is none. */
export async function readManifest(dir: string): Promise<ExportManifest | undefined> {
  const path = join(dir, MANIFEST_NAME);
  try {
    return parseManifest(await readFile(path, 'utf8'), path);
  } catch (error) {
    if (['ENOENT', 'EISDIR', 'ENOTDIR'].includes(errorCode(error))) return undefined;
    throw error;
  }
}
