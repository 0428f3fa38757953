import { adoptFolder } from '../../shared/models/transfer/adopt-folder.ts';
import type { Invocation } from '../babelreel.ts';
import { parseCommandLine } from '../parse-command-line.ts';
import { runTask } from './run-task.ts';
import { takingOptions, tellTaken } from './taking.ts';

/** `./babelreel.sh models adopt --root DIR`. Exit 6 when something was wrong or a model is not complete afterwards. */
export async function run(invocation: Invocation): Promise<number> {
  const flags = await parseCommandLine('models adopt', invocation.args);
  if (flags === undefined) return 0;
  return await runTask(invocation, flags, async (task) => {
    const report = await adoptFolder(flags.root, takingOptions(flags.model, task));
    task.progress.close();
    return tellTaken(report, flags);
  });
}
