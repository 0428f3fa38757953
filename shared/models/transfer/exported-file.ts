import { Failure } from '../../contract/failure.ts';
import type { KnownFile } from '../../contract/model.ts';
import type { KnownModel } from '../registry/open-registry.ts';

/** A file of an export; `at` is where the store has it. */
export interface ExportedFile {
  readonly model: KnownModel;
  readonly file: KnownFile;
  readonly at: string;
}

/** The failure for a file of the store that has other bytes than the registry says. */
export const damaged = ({ model, file, at }: ExportedFile): Failure =>
  new Failure('ERR_MODEL_CORRUPT', `Model ${model.entry.id} is damaged and cannot be exported.`, {
    why: `${at} (${file.path}) does not have the digest the registry knows.`,
    safe: 'Nothing was written.',
    fix: [`./cache-models.sh --repair --model ${model.entry.id}`],
  });
