import { join } from 'node:path';

/** Prints the answer of a run that had nothing to do. Loads nothing: this is the short way of a finished job. */
export function printFinished(
  job: {
    readonly id: string;
    readonly outDir: string;
    readonly deliverables: readonly { readonly to: string }[];
    readonly warnings: number;
  },
  options: { readonly json: boolean; readonly quiet: boolean },
): void {
  const files = job.deliverables.map(({ to }) => join(job.outDir, to));
  if (options.json) {
    process.stdout.write(
      `${JSON.stringify({ id: job.id, outcome: 'done', ran: [], delivered: files.map((path) => ({ path, status: 'unchanged' })), warnings: job.warnings })}\n`,
    );
    return;
  }
  if (!options.quiet) {
    const warned = job.warnings === 0 ? '' : ` It has ${job.warnings} warnings: ${join(job.outDir, 'report.md')}`;
    process.stderr.write(`✓ Job ${job.id} is finished; nothing to do.${warned}\n`);
  }
  process.stdout.write(files.map((file) => `${file}\n`).join(''));
}
