import { type Stats, statSync } from 'node:fs';
import { join } from 'node:path';
import type { ModelEntry, ModelFile } from '../contract/model.ts';

/** What a look at names and sizes says: every file there with its size, some there, none there, or a size that is wrong. */
export type ModelState = 'complete-unverified' | 'partial' | 'missing' | 'corrupt';

export interface ModelLook {
  readonly state: ModelState;
  readonly missing: readonly ModelFile[];
  readonly wrongSize: readonly { readonly file: ModelFile; readonly bytes: number }[];
}

/** How a model stands, without hashing: a changed file of the same size is not noticed here. */
export function modelState(entry: Pick<ModelEntry, 'files'>, dir: string): ModelLook {
  const found = entry.files.map((file): { file: ModelFile; stat: Stats | undefined } => {
    const stat = statSync(join(dir, file.path), { throwIfNoEntry: false });
    return { file, stat: stat?.isFile() ? stat : undefined };
  });
  const missing = found.flatMap(({ file, stat }) => (stat === undefined ? [file] : []));
  const wrongSize = found.flatMap(({ file, stat }) =>
    stat !== undefined && stat.size !== file.bytes ? [{ file, bytes: stat.size }] : [],
  );
  if (missing.length === entry.files.length) return { state: 'missing', missing, wrongSize };
  if (missing.length > 0) return { state: 'partial', missing, wrongSize };
  return { state: wrongSize.length > 0 ? 'corrupt' : 'complete-unverified', missing, wrongSize };
}
