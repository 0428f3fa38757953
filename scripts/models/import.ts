import { join } from 'node:path';
import { importModels } from '../../shared/models/transfer/import-models.ts';
import { formatTaken, isTaken } from '../../shared/report/format-model-transfer.ts';
import type { Invocation } from '../babelreel.ts';
import { parseCommandLine } from '../parse-command-line.ts';
import { runTask, waitNote } from './run-task.ts';

const INCOMPLETE = 6;

/** `./babelreel.sh models import DIR|TAR`. Exit 6 when something was wrong or a model is not complete afterwards. */
export async function run(invocation: Invocation): Promise<number> {
  const flags = await parseCommandLine('models import', invocation.args);
  if (flags === undefined) return 0;
  const { settings, projectDir } = invocation;
  return await runTask(invocation, flags, async ({ store, progress, signal }) => {
    const report = await importModels({
      ...store,
      from: flags.positional ?? '',
      configDir: join(projectDir, 'config'),
      localDir: settings.roots.local,
      ...(flags.model.length > 0 && { ids: flags.model }),
      signal,
      onWait: (holder) => progress.note(waitNote(holder)),
      onProgress: ({ model, path, ...bytes }) => progress.update({ ...bytes, now: `${model} ${path}` }),
    });
    progress.close();
    process.stdout.write(`${flags.json ? JSON.stringify(report) : formatTaken(report)}\n`);
    return isTaken(report) ? 0 : INCOMPLETE;
  });
}
