import { renderTable } from '../../shared/report/render-table.ts';
import { listJobs } from '../../shared/runner/list-jobs.ts';
import type { Invocation } from '../babelreel.ts';
import { lightArguments } from '../light-arguments.ts';

/** `./babelreel.sh jobs`. */
export async function run({ args, settings }: Invocation): Promise<number> {
  const plain = lightArguments(args, ['json']);
  const flags =
    plain !== undefined && plain.positional === undefined
      ? { json: plain.on.has('json') }
      : await (await import('../parse-command-line.ts')).parseCommandLine('jobs', args);
  if (flags === undefined) return 0;
  const jobs = listJobs(settings.roots.out);
  if (flags.json) process.stdout.write(`${JSON.stringify(jobs)}\n`);
  else if (jobs.length === 0) process.stdout.write('No jobs yet. Prepare one:  ./prepare-job.sh --help\n');
  else
    process.stdout.write(
      `${renderTable([['job', 'prepared', 'workflow', 'languages', 'film'], ...jobs.map((job) => [job.id, job.createdAt.slice(0, 16).replace('T', ' '), job.problem ?? job.workflow, job.languages, job.media])]).join('\n')}\n`,
    );
  return 0;
}
