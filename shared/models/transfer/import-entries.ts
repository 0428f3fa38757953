import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ModelSource } from '../../contract/model.ts';
import { onDisk } from '../../store/disk-failure.ts';
import { writeFileDurably } from '../../store/durable.ts';
import type { ModelPlaces } from '../layout/locate-model.ts';
import { findContradiction } from '../registry/find-contradiction.ts';
import { addToModelLock } from '../registry/model-lock.ts';
import { isLocked, type ModelRegistry, openRegistry } from '../registry/open-registry.ts';
import type { ExportedModel, ExportManifest } from './export-manifest.ts';
import type { ImportedEntry } from './import-report.ts';

export interface EntryOptions {
  readonly registry: ModelRegistry;
  /** The project's config folder; `config` of the project where absent. */
  readonly configDir?: string | undefined;
  readonly places: ModelPlaces;
  /** The `local` root. */
  readonly localDir: string;
}

/**
 * Makes the models of an export usable here: an entry that this machine does not have becomes one of the user's own, and an unlocked one is
 * locked to the revision and digests that came along. Nothing that this machine says itself is changed. The caller holds the lock of the store.
 * Throws ERR_DISK_FULL, ERR_NOT_WRITABLE.
 */
export async function importEntries(
  manifest: ExportManifest,
  options: EntryOptions,
): Promise<{ readonly registry: ModelRegistry; readonly entries: readonly ImportedEntry[] }> {
  const { localDir, configDir = join(options.places.projectDir, 'config') } = options;
  const entries: ImportedEntry[] = [];
  const here = new Set(options.registry.models.keys());
  for (const exported of manifest.models.filter(({ entry }) => !here.has(entry.id))) {
    const { id } = exported.entry;
    const why = whyNot(exported, here);
    if (why !== null) {
      entries.push({ id, what: 'refused', why });
      continue;
    }
    const folder = join(localDir, 'models');
    await onDisk({ folder }, () => mkdir(folder, { recursive: true }));
    await writeFileDurably(join(folder, `${id}.json`), `${JSON.stringify(exported.entry, null, 2)}\n`);
    here.add(id);
    entries.push({ id, what: 'added' });
  }
  const added = entries.some(({ what }) => what === 'added');
  const registry = added ? openRegistry(configDir, localDir) : options.registry;
  const locked = await lockThem(manifest, registry, localDir);
  return {
    registry: locked.length > 0 ? openRegistry(configDir, localDir) : registry,
    entries: [...entries, ...locked],
  };
}

/** The registry refuses to open with an entry that is not valid or names another that is not there, so such a one must not get in. */
function whyNot({ entry }: ExportedModel, here: ReadonlySet<string>): string | null {
  if (entry.source.type === 'package') return 'It ships inside a package that is not installed here.';
  const contradiction = findContradiction(entry, entry.id);
  if (contradiction !== null) return contradiction;
  const named = [...entry.requires, ...(entry.lora === undefined ? [] : [entry.lora.base])];
  const missing = named.find((id) => !here.has(id));
  return missing === undefined ? null : `It names the model ${missing}, which has no entry here.`;
}

async function lockThem(
  manifest: ExportManifest,
  registry: ModelRegistry,
  localDir: string,
): Promise<readonly ImportedEntry[]> {
  const done: ImportedEntry[] = [];
  for (const { entry, revision, files } of manifest.models) {
    const own = registry.models.get(entry.id);
    if (own === undefined || isLocked(own)) continue;
    if (!isSameSource(own.entry.source, entry.source)) {
      done.push({ id: entry.id, what: 'refused', why: 'The entry of this id here is about another source.' });
      continue;
    }
    await addToModelLock(localDir, entry.id, {
      lockedAt: new Date().toISOString(),
      from: `an export of ${manifest.exportedAt}`,
      revision,
      files,
    });
    done.push({ id: entry.id, what: 'locked' });
  }
  return done;
}

function isSameSource(own: ModelSource, theirs: ModelSource): boolean {
  if (own.type === 'hub' && theirs.type === 'hub')
    return own.repo === theirs.repo && (own.revision === undefined || own.revision === theirs.revision);
  if (own.type === 'url' && theirs.type === 'url') return own.base === theirs.base;
  return own.type === theirs.type;
}
