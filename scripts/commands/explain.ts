import { formatPlan } from '../../shared/report/format-plan.ts';
import { explainJob } from '../../shared/runner/explain-job.ts';
import type { Invocation } from '../babelreel.ts';
import { parseCommandLine } from '../parse-command-line.ts';
import { readCode } from '../read-code.ts';

/** `./babelreel.sh explain ID`: for every stage whether it would run, and why. */
export async function run({ args, settings, projectDir }: Invocation): Promise<number> {
  const flags = await parseCommandLine('explain', args);
  if (flags === undefined) return 0;
  const stages = explainJob({ id: flags.positional ?? '', roots: settings.roots, code: readCode(projectDir) });
  if (flags.json) process.stdout.write(`${JSON.stringify({ id: flags.positional, stages })}\n`);
  else
    process.stdout.write(`${formatPlan(stages.map(({ stage, state, reason }) => ({ stage, state, why: reason })))}\n`);
  return 0;
}
