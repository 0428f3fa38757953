import { rm, stat } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { Failure } from '../../contract/failure.ts';
import type { KnownFile } from '../../contract/model.ts';
import { errorCode, quoted } from '../../store/disk-failure.ts';
import { sweepFolders } from '../../store/sweep.ts';
import { type StoreLockOptions, withStoreLock } from '../download/store-lock.ts';
import { incomingDir } from '../layout/hub-layout.ts';
import { isLocked, type KnownModel, type ModelRegistry } from '../registry/open-registry.ts';
import { type ExportManifest, readManifest } from './export-manifest.ts';
import type { FoundFile, Refused } from './found-file.ts';
import { type EntryOptions, importEntries } from './import-entries.ts';
import type { ImportedEntry, ImportReport } from './import-report.ts';
import { matchFiles, mayBe } from './match-files.ts';
import { scanFolder } from './scan-folder.ts';
import { storeRoot } from './store-root.ts';
import { askStore, takeModels } from './take-models.ts';
import type { TransferOptions } from './transfer-options.ts';
import { unpackTar } from './unpack-tar.ts';

export interface ImportOptions extends TransferOptions, EntryOptions, StoreLockOptions {
  /** A folder or a tar archive: an export of ours, a hub cache, or anything that holds files of listed models. */
  readonly from: string;
  /** Only these models and what they require; all of them are answered. Absent: whatever is found. */
  readonly ids?: readonly string[];
}

/**
 * Takes models from a folder or an archive into the store. What a file is decides its digest, not its name; it is hashed while it is copied, and
 * nothing but right bytes gets in. The registry that the report is about includes entries that came along. Throws ERR_USAGE where there is nothing
 * to read, ERR_CONFIG_INVALID for a damaged manifest, ERR_DISK_FULL, ERR_NOT_WRITABLE, ERR_CANCELLED. A wrong or missing file is in the report.
 */
export async function importModels(options: ImportOptions): Promise<ImportReport> {
  const from = resolve(options.from);
  const found = await stat(from).catch((error: unknown) => {
    throw errorCode(error) === '' ? error : notThere(from, errorCode(error));
  });
  const root = storeRoot(options.places);
  return withStoreLock(root, options, async () => {
    await sweepFolders([incomingDir(root)]);
    return found.isDirectory() ? importFolder(from, options) : importArchive(from, found.size, options);
  });
}

const notThere = (from: string, code: string): Failure =>
  new Failure('ERR_USAGE', `${from} cannot be imported.`, {
    why: code === 'ENOENT' ? 'There is nothing of that name.' : `It cannot be read (${code}).`,
    safe: 'Nothing was changed.',
    fix: [`ls -l ${quoted(from)}`],
  });

/** The models that an import is about: those asked for with what they require, or all. */
export function importable(registry: ModelRegistry, ids: readonly string[] | undefined): readonly KnownModel[] {
  const all = ids === undefined ? [...registry.models.values()] : registry.closure(ids);
  return all.filter(isLocked).filter(({ entry }) => entry.source.type !== 'package');
}

async function importFolder(from: string, options: ImportOptions): Promise<ImportReport> {
  const manifest = await readManifest(from);
  const { registry, entries } =
    manifest === undefined ? { registry: options.registry, entries: [] } : await importEntries(manifest, options);
  const { files, refused } = await scanFolder(from, options.signal);
  const ids = options.ids ?? listedIds(manifest, registry);
  return takeIn({ from, files, refused, unknown: [], registry, entries, how: 'copy', ids }, options);
}

/** An export says which models it is about. */
const listedIds = (manifest: ExportManifest | undefined, registry: ModelRegistry): readonly string[] | undefined =>
  manifest?.models.map(({ entry }) => entry.id).filter((id) => registry.models.has(id));

async function importArchive(from: string, totalBytes: number, options: ImportOptions): Promise<ImportReport> {
  const root = storeRoot(options.places);
  const has = askStore(options);
  const staged: string[] = [];
  let { registry } = options;
  let entries: readonly ImportedEntry[] = [];
  let ids = options.ids;
  try {
    const { files, refused, passed } = await unpackTar({
      from,
      root,
      signal: options.signal,
      onEntry: (path, doneBytes) => options.onProgress?.({ model: basename(from), path, doneBytes, totalBytes }),
      onStaged: (path) => void staged.push(path),
      onManifest: async (manifest: ExportManifest) => {
        ({ registry, entries } = await importEntries(manifest, options));
        ids ??= listedIds(manifest, registry);
      },
      judge: async (found) => {
        const fits = importable(registry, ids).flatMap((model) =>
          model.files.filter((file) => mayBe(model, file, { ...found, at: '' })).map((file) => ({ model, file })),
        );
        const [first] = fits;
        if (first === undefined) return 'skip';
        const stored = await Promise.all(fits.map(({ model, file }) => has(model, file)));
        return stored.every(Boolean) ? { sha256: first.file.sha256 } : 'take';
      },
    });
    return await takeIn({ from, files, refused, unknown: passed, registry, entries, how: 'move', ids }, options);
  } finally {
    await Promise.all(staged.map((path) => rm(path, { force: true })));
  }
}

interface Intake {
  readonly from: string;
  readonly files: readonly FoundFile[];
  readonly refused: readonly Refused[];
  readonly unknown: readonly string[];
  readonly registry: ModelRegistry;
  readonly entries: readonly ImportedEntry[];
  readonly how: 'copy' | 'move' | 'adopt';
  readonly ids: readonly string[] | undefined;
}

/** The common end of every way in: match, take, report. */
export async function takeIn(intake: Intake, options: TransferOptions): Promise<ImportReport> {
  const { from, files, refused, registry, entries, how, ids } = intake;
  const { places, digests, signal, onProgress } = options;
  const matched = matchFiles(importable(registry, ids), files, { asked: ids !== undefined });
  const has = askStore({ places, digests, signal });
  const models = await takeModels(matched, { places, digests, signal, onProgress, how, has });
  const used = new Set(models.flatMap(({ imported, wrong }) => [...imported, ...wrong].map((one) => one.from)));
  const bytesOf = new Map(matched.flatMap(({ model }) => model.files.map((file) => [key(model, file), file.bytes])));
  const known = new Set(matched.flatMap(({ candidates }) => [...candidates.values()].flat().map(({ name }) => name)));
  return {
    from,
    models,
    entries,
    refused,
    unknown: [
      ...intake.unknown,
      ...files
        .map(({ name }) => name)
        .filter((name) => !used.has(name) && !known.has(name) && !BOOK_KEEPING.test(name)),
    ],
    bytes: models.reduce(
      (sum, { id, imported }) =>
        sum + imported.reduce((own, { path }) => own + (bytesOf.get(`${id}//${path}`) ?? 0), 0),
      0,
    ),
  };
}

/** What a hub cache and our own exports write beside the files of models. */
const BOOK_KEEPING = /^manifest\.json$|(^|\/)(models--[^/]+\/(refs|trees|\.no_exist)\/|CACHEDIR\.TAG$|\.locks\/)/;

const key = (model: KnownModel, file: KnownFile): string => `${model.entry.id}//${file.path}`;
