import { join } from 'node:path';
import { addEntry } from '../../shared/models/registry/add-entry.ts';
import { isLocked, openRegistry } from '../../shared/models/registry/open-registry.ts';
import { importModels } from '../../shared/models/transfer/import-models.ts';
import { formatAdded } from '../../shared/report/format-model-added.ts';
import type { Invocation } from '../babelreel.ts';
import { parseCommandLine } from '../parse-command-line.ts';
import { runTask, waitNote } from './run-task.ts';

const INCOMPLETE = 6;

/** `./babelreel.sh models add REPO|DIR`: an entry of the user's own; the files of a folder are taken into the store at once. */
export async function run(invocation: Invocation): Promise<number> {
  const flags = await parseCommandLine('models add', invocation.args);
  if (flags === undefined) return 0;
  const { settings, projectDir } = invocation;
  const localDir = settings.roots.local;
  const configDir = join(projectDir, 'config');
  return await runTask(invocation, flags, async ({ store, progress, signal }) => {
    const { base, trigger, id: given } = flags;
    if (base !== undefined) store.registry.model(base);
    const { id, path, entry } = await addEntry({
      target: flags.positional ?? '',
      role: flags.role,
      engine: flags.engine,
      ...(given !== undefined && { id: given }),
      ...(flags.licence !== undefined && { licence: flags.licence }),
      ...(base !== undefined && { lora: { base, trigger: trigger ?? null, steps: null } }),
      localDir,
      taken: store.registry.models.keys(),
      signal,
    });
    const registry = openRegistry(configDir, localDir);
    const { source } = entry;
    const taken =
      source.type !== 'local'
        ? null
        : await importModels({
            ...store,
            registry,
            from: source.folder,
            ids: [id],
            configDir,
            localDir,
            signal,
            onWait: (holder) => progress.note(waitNote(holder)),
            onProgress: ({ path: file, model: _, ...bytes }) => progress.update({ ...bytes, now: file }),
          });
    progress.close();
    const stored = taken === null ? null : taken.models.some((one) => one.id === id && one.complete);
    const added = { id, path, entry, locked: isLocked(registry.model(id)), stored, bytes: taken?.bytes ?? null };
    process.stdout.write(`${flags.json ? JSON.stringify(added) : formatAdded(added)}\n`);
    return stored === false ? INCOMPLETE : 0;
  });
}
