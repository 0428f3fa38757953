import { importModels } from '../../shared/models/transfer/import-models.ts';
import type { Invocation } from '../babelreel.ts';
import { parseCommandLine } from '../parse-command-line.ts';
import { runTask } from './run-task.ts';
import { takingOptions, tellTaken } from './taking.ts';

/** `./babelreel.sh models import DIR|TAR`. Exit 6 when something was wrong or a model is not complete afterwards. */
export async function run(invocation: Invocation): Promise<number> {
  const flags = await parseCommandLine('models import', invocation.args);
  if (flags === undefined) return 0;
  const localDir = invocation.settings.roots.local;
  return await runTask(invocation, flags, async (task) => {
    const report = await importModels({ ...takingOptions(flags.model, task), localDir, from: flags.positional ?? '' });
    task.progress.close();
    return tellTaken(report, flags);
  });
}
