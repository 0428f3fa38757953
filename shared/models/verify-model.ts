import { join } from 'node:path';
import { Failure } from '../contract/failure.ts';
import type { Digest } from '../contract/ids.ts';
import type { ModelEntry } from '../contract/model.ts';
import { modelState } from './model-state.ts';

/** Digests of files, remembered by inode, size and times: an unchanged file is read once a machine (shared/store). */
export interface RememberedDigests {
  remembered(path: string): Promise<Digest>;
}

const SET_UP = './run-pipeline.sh --demo';

/**
 * The commands that bring a model's files back. A Python environment is made anew as a whole: the quick look, which remakes one, took it
 * for sound, so the folder has to go first.
 */
export function reinstallLines({ source }: Pick<ModelEntry, 'source'>, dir: string): readonly string[] {
  switch (source.manager) {
    case 'pip':
      return [`rm -r '${dir.slice(0, dir.lastIndexOf('/lib/python3'))}'`, SET_UP];
    case 'npm':
      return ['npm ci'];
    case 'deb':
      return [`sudo apt-get install --reinstall -y ${source.name}`];
  }
}

const missingFailure = (entry: ModelEntry, dir: string, why: string): Failure =>
  new Failure('ERR_MODEL_MISSING', `Model ${entry.id} is not complete.`, {
    why,
    safe: 'Nothing was computed with it.',
    fix: reinstallLines(entry, dir),
  });

const corruptFailure = (entry: ModelEntry, dir: string, why: string): Failure =>
  new Failure('ERR_MODEL_CORRUPT', `Model ${entry.id} is damaged.`, {
    why,
    safe: 'Nothing was computed with it.',
    fix: reinstallLines(entry, dir),
  });

const sourceOf = ({ source }: ModelEntry): string => `${source.name} ${source.version}`;

/**
 * Compares every file of a model with the registry: presence and size first, then the digests, which are remembered, so that a second
 * call reads nothing.
 * @param dir what locateModel says
 * @throws Failure ERR_MODEL_MISSING, ERR_MODEL_CORRUPT naming the file and the command that brings it back
 */
export async function verifyModel(entry: ModelEntry, dir: string, digests: RememberedDigests): Promise<void> {
  const { state, missing, wrongSize } = modelState(entry, dir);
  if (missing[0] !== undefined) {
    const more = missing.length > 1 ? ` and ${missing.length - 1} more` : '';
    const what = state === 'missing' ? 'has none of its files' : `lacks ${missing[0].path} (${missing[0].kind})${more}`;
    throw missingFailure(entry, dir, `${dir}, from ${sourceOf(entry)}, ${what}.`);
  }
  if (wrongSize[0] !== undefined) {
    const { file, bytes } = wrongSize[0];
    const why = `${join(dir, file.path)} has ${bytes} bytes; ${sourceOf(entry)} has ${file.bytes}.`;
    throw corruptFailure(entry, dir, why);
  }
  for (const file of entry.files) {
    const path = join(dir, file.path);
    const digest = await digests.remembered(path);
    if (digest === `sha256:${file.sha256}`) continue;
    const why = `${path} has digest ${digest.slice(0, 19)}…; ${sourceOf(entry)} has sha256:${file.sha256.slice(0, 12)}…`;
    throw corruptFailure(entry, dir, why);
  }
}
