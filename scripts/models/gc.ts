import { collectGarbage } from '../../shared/models/transfer/collect-garbage.ts';
import { formatCollected } from '../../shared/report/format-model-transfer.ts';
import type { Invocation } from '../babelreel.ts';
import { parseCommandLine } from '../parse-command-line.ts';
import { revisionsOfJobs } from './models-of-jobs.ts';
import { runTask, waitNote } from './run-task.ts';

/** `./babelreel.sh models gc`: what jobs are locked to stays. */
export async function run(invocation: Invocation): Promise<number> {
  const flags = await parseCommandLine('models gc', invocation.args);
  if (flags === undefined) return 0;
  return await runTask(invocation, flags, async ({ store, progress, signal }) => {
    const report = await collectGarbage({
      ...store,
      dryRun: flags['dry-run'],
      remove: flags.remove,
      unknownRepositories: flags['unknown-repositories'],
      keepJobs: revisionsOfJobs(invocation.settings.roots.out),
      signal,
      onWait: (holder) => progress.note(waitNote(holder)),
    });
    process.stdout.write(`${flags.json ? JSON.stringify(report) : formatCollected(report)}\n`);
    return 0;
  });
}
