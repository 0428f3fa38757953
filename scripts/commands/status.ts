import { formatPlan } from '../../shared/report/format-plan.ts';
import { renderTable } from '../../shared/report/render-table.ts';
import { inspectJob } from '../../shared/runner/inspect-job.ts';
import type { Invocation } from '../babelreel.ts';
import { lightArguments } from '../light-arguments.ts';
import { readCode } from '../read-code.ts';

/** `./babelreel.sh status [ID]`: stages and deliverables of a job; without an id the list of jobs. */
export async function run(invocation: Invocation): Promise<number> {
  const { args, settings, projectDir } = invocation;
  const plain = lightArguments(args, ['json']);
  const flags =
    plain === undefined
      ? await (await import('../parse-command-line.ts')).parseCommandLine('status', args)
      : { json: plain.on.has('json'), positional: plain.positional };
  if (flags === undefined) return 0;
  if (flags.positional === undefined)
    return (await import('./jobs.ts')).run({ ...invocation, args: flags.json ? ['--json'] : [] });
  const job = inspectJob({ id: flags.positional, roots: settings.roots, code: readCode(projectDir) });
  if (flags.json) {
    process.stdout.write(`${JSON.stringify(job)}\n`);
    return 0;
  }
  const stages = formatPlan(
    job.stages.map(({ stage, state, reason, seconds }) => ({ stage, state, why: reason, seconds })),
  );
  const files = renderTable(
    job.deliverables.map(({ state, to }) => [state === 'ok' ? '✓' : '-', to, state]),
    { indent: '  ' },
  );
  const warnings = job.warnings.map(({ stage, message }) => `  ⚠ ${stage}: ${message}`);
  const last =
    job.lastRun === null
      ? 'It has not run yet.'
      : `Last run: ${job.lastRun.outcome ?? 'interrupted or still running'} (${job.lastRun.at.slice(0, 19).replace('T', ' ')} UTC).`;
  process.stdout.write(
    `${[`Job ${job.id}: ${job.workflow}`, last, stages, 'Deliverables:', ...files, ...(warnings.length > 0 ? ['Warnings:', ...warnings] : [])].join('\n')}\n`,
  );
  return 0;
}
