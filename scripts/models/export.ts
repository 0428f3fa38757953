import { Failure } from '../../shared/contract/failure.ts';
import { lookAtModels } from '../../shared/models/audit/look-at-models.ts';
import { EXPORT_FORMS, type ExportForm } from '../../shared/models/transfer/export-manifest.ts';
import { exportModels } from '../../shared/models/transfer/export-models.ts';
import { isStored } from '../../shared/report/format-model-state.ts';
import { formatExported } from '../../shared/report/format-model-transfer.ts';
import type { Invocation } from '../babelreel.ts';
import { parseCommandLine } from '../parse-command-line.ts';
import { runTask } from './run-task.ts';

/** `./babelreel.sh models export [ID…] --to PATH`. */
export async function run(invocation: Invocation): Promise<number> {
  const flags = await parseCommandLine('models export', invocation.args);
  if (flags === undefined) return 0;
  return await runTask(invocation, flags, async ({ store, progress, signal }) => {
    const given = flags.positionals;
    const ids = given.length > 0 ? given : await everythingStored();
    const report = await exportModels(ids, {
      ...store,
      to: flags.to,
      form: EXPORT_FORMS.find((form) => form === flags.form) ?? formOf(flags.to),
      overwrite: flags.overwrite,
      signal,
      onProgress: ({ model, path, ...bytes }) => progress.update({ ...bytes, now: `${model} ${path}` }),
    });
    progress.close();
    process.stdout.write(`${flags.json ? JSON.stringify(report) : formatExported(report)}\n`);
    return 0;

    /** What is wholly there and lies in the store: models inside packages come with their environments. */
    async function everythingStored(): Promise<readonly string[]> {
      const looks = await lookAtModels({ ...store, signal });
      const whole = [...looks.values()].flatMap(({ id, state }) =>
        isStored(state) && store.registry.model(id).entry.source.type !== 'package' ? [id] : [],
      );
      if (whole.length > 0) return whole;
      throw new Failure('ERR_MODEL_MISSING', 'There is nothing to export.', {
        why: 'No model is wholly in the store; those inside packages come with their environments.',
        safe: 'Nothing was written.',
        fix: ['./babelreel.sh models list'],
      });
    }
  });
}

const formOf = (to: string): ExportForm => (to.endsWith('.tar') ? 'tar' : 'flat');
