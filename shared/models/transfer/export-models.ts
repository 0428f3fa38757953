import { existsSync, readdirSync, statSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { Failure } from '../../contract/failure.ts';
import { onDisk, quoted } from '../../store/disk-failure.ts';
import { fsyncDirectory, publishExclusively, writeFileDurably } from '../../store/durable.ts';
import { ownedName } from '../../store/owned-name.ts';
import { sweepFolders } from '../../store/sweep.ts';
import { completeDir } from '../layout/locate-model.ts';
import { publishFile } from '../layout/publish-file.ts';
import { publishSnapshot } from '../layout/publish-snapshot.ts';
import { isLocked, type KnownModel, type ListedModel } from '../registry/open-registry.ts';
import { type ExportForm, MANIFEST_NAME, manifestText } from './export-manifest.ts';
import { damaged, type ExportedFile } from './exported-file.ts';
import { packTar } from './pack-tar.ts';
import { requireRoom } from './require-room.ts';
import { stopIfAborted } from './stop-if-aborted.ts';
import type { TransferOptions } from './transfer-options.ts';
import { copyVerifiably } from './write-hashing.ts';

export interface ExportOptions extends TransferOptions {
  /** The folder or, for `tar`, the file that is made. */
  readonly to: string;
  readonly form: ExportForm;
  /** Replace what is there. */
  readonly overwrite?: boolean;
}

export interface ExportReport {
  readonly to: string;
  readonly form: ExportForm;
  readonly models: readonly { readonly id: string; readonly files: number; readonly bytes: number }[];
  /** Models of the closure that do not travel, and why. */
  readonly leftOut: readonly { readonly id: string; readonly why: string }[];
  readonly bytes: number;
}

/**
 * Writes the models and all they require to another place, so that `importModels` or, for `hub`, any client of a model hub can use them there.
 * Every file is hashed on its way; a wrong one ends the export. It appears under its name when it is whole, and replaces nothing unless told.
 * Throws ERR_MODEL_MISSING, ERR_MODEL_CORRUPT, ERR_USAGE (the name is taken), ERR_DISK_FULL, ERR_NOT_WRITABLE, ERR_CANCELLED.
 */
export async function exportModels(ids: readonly string[], options: ExportOptions): Promise<ExportReport> {
  const { registry, form, overwrite = false, signal } = options;
  const to = resolve(options.to);
  const all = registry.closure(ids);
  const travels = (model: ListedModel): boolean => model.entry.source.type !== 'package';
  const files = all.filter(travels).flatMap((model) => filesOf(model, options));
  const models = [...new Set(files.map(({ model }) => model))];
  const bytes = files.reduce((sum, { file }) => sum + file.bytes, 0);
  refuseTaken(to, form, overwrite);
  const parent = dirname(to);
  await onDisk({ folder: parent }, () => mkdir(parent, { recursive: true }));
  await sweepFolders([parent]);
  requireRoom(parent, bytes);

  const fresh = join(parent, ownedName('.export'));
  let doneBytes = 0;
  const copyOptions = ({ model, file }: ExportedFile) => ({
    signal,
    onBytes: (more: number): void => {
      doneBytes += more;
      options.onProgress?.({ model: model.entry.id, path: file.path, doneBytes, totalBytes: bytes });
    },
  });
  await onDisk({ folder: parent, neededBytes: bytes }, async () => {
    try {
      if (form === 'tar') await packTar({ to: fresh, manifest: manifestText(models, form), files, copyOptions });
      else await writeFolder({ dir: fresh, form, models, files, copyOptions });
      stopIfAborted(signal);
      if (form !== 'tar') await replaceFolder(fresh, to);
      else if (overwrite) await rename(fresh, to);
      else if ((await publishExclusively(fresh, to)).outcome === 'exists') throw taken(to);
      await fsyncDirectory(parent);
    } finally {
      await rm(fresh, { recursive: true, force: true });
    }
  });
  return {
    to,
    form,
    models: models.map(({ entry, files: own }) => ({
      id: entry.id,
      files: own.length,
      bytes: own.reduce((sum, file) => sum + file.bytes, 0),
    })),
    leftOut: all
      .filter((model) => !travels(model))
      .map(({ entry }) => ({ id: entry.id, why: 'It ships inside an installed package; bootstrap brings it there.' })),
    bytes,
  };
}

function filesOf(model: ListedModel, { places }: ExportOptions): readonly ExportedFile[] {
  const { id } = model.entry;
  const dir = isLocked(model) ? completeDir(model, places) : undefined;
  if (isLocked(model) && dir !== undefined)
    return model.files.map((file) => ({ model, file, at: join(dir, file.path) }));
  throw new Failure('ERR_MODEL_MISSING', `Model ${id} cannot be exported.`, {
    why: isLocked(model)
      ? 'The store does not have all of its files.'
      : 'It is unlocked: nobody has seen its files on this machine yet.',
    safe: 'Nothing was written.',
    fix: [`./cache-models.sh --model ${id}`],
  });
}

const taken = (to: string): Failure =>
  new Failure('ERR_USAGE', `${to} is there already.`, {
    why: 'An export replaces nothing unless it is told to.',
    safe: 'Nothing was written.',
    fix: [`ls -l ${quoted(to)}`],
  });

function refuseTaken(to: string, form: ExportForm, overwrite: boolean): void {
  const stat = statSync(to, { throwIfNoEntry: false });
  if (stat === undefined) return;
  if (stat.isDirectory() && stat.dev !== statSync(dirname(to)).dev) {
    throw new Failure('ERR_USAGE', `${to} is the top of a disk.`, {
      why: 'An export is put together beside its place and then renamed, which cannot be done with a whole disk.',
      safe: 'Nothing was written.',
      fix: [`mkdir -p ${quoted(join(to, 'models'))}`],
    });
  }
  const isEmptyFolder = form !== 'tar' && stat.isDirectory() && readdirSync(to).length === 0;
  // Only a folder that is an export, or a file for a file, is replaced: a slip of the hand must not remove somebody's folder.
  const isReplaceable = form === 'tar' ? stat.isFile() : stat.isDirectory() && existsSync(join(to, MANIFEST_NAME));
  if (!isEmptyFolder && !(overwrite && isReplaceable)) throw taken(to);
}

async function replaceFolder(fresh: string, to: string): Promise<void> {
  const old = join(dirname(to), ownedName('.export-old'));
  if (existsSync(to)) await rename(to, old);
  await rename(fresh, to);
  await rm(old, { recursive: true, force: true });
}

interface FolderOptions {
  readonly dir: string;
  readonly form: ExportForm;
  readonly models: readonly KnownModel[];
  readonly files: readonly ExportedFile[];
  readonly copyOptions: (file: ExportedFile) => Parameters<typeof copyVerifiably>[2];
}

async function writeFolder({ dir, form, models, files, copyOptions }: FolderOptions): Promise<void> {
  await mkdir(dir, { recursive: true });
  for (const one of files) {
    const { model, file, at } = one;
    const path = form === 'flat' ? join(dir, model.entry.id, file.path) : join(dir, ownedName('.file'));
    await mkdir(dirname(path), { recursive: true });
    const { digest } = await copyVerifiably(at, path, copyOptions(one));
    if (digest !== `sha256:${file.sha256}`) throw damaged(one);
    if (form === 'hub') await publishFile({ root: dir, model, file, from: path, how: 'move' });
  }
  if (form === 'hub') for (const model of models) await publishSnapshot({ root: dir, model });
  await writeFileDurably(join(dir, MANIFEST_NAME), manifestText(models, form));
}
