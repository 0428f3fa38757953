import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { JobEvent } from '../shared/contract/event.ts';
import { Failure } from '../shared/contract/failure.ts';
import { killAllGroups } from '../shared/process/live-groups.ts';
import { formatPlan } from '../shared/report/format-plan.ts';
import { createTerminal } from '../shared/report/terminal.ts';
import { writeReport } from '../shared/report/write-report.ts';
import { planLightly } from '../shared/runner/finished.ts';
import { readJobState } from '../shared/runner/job-state.ts';
import { readManifest } from '../shared/runner/read-manifest.ts';
import { missingDeliverables, type RunResult, runJob } from '../shared/runner/run-job.ts';
import { openState } from '../shared/store/database.ts';
import { openFileDigests } from '../shared/store/file-digests.ts';
import { STAGES } from '../stages/index.ts';
import type { Invocation } from './babelreel.ts';
import { collectReport } from './collect-report.ts';
import { prepareDemo } from './demo.ts';
import { demoSummary } from './demo-summary.ts';
import { type Machine, openMachine } from './open-machine.ts';
import { parseCommandLine } from './parse-command-line.ts';

/** The whole of `./run-pipeline.sh`, for every case that is not a finished job asked for plainly. */
export async function runPipeline(invocation: Invocation): Promise<number> {
  const { args, settings, projectDir } = invocation;
  const flags = await parseCommandLine('run-pipeline', args);
  if (flags === undefined) return 0;
  const machine = await openMachine(settings, projectDir);
  const id = flags.demo ? await prepareDemo(invocation, machine) : flags.job;
  if (id === undefined)
    throw new Failure('ERR_USAGE', 'No job was named.', {
      why: 'A job is prepared first; its id is what prepare-job prints.',
      fix: ['./babelreel.sh jobs', './run-pipeline.sh --demo'],
    });
  const force = flags.force === undefined ? undefined : flags.force === '' ? 'all' : flags.force;
  if (flags.plan) return printPlan({ id, force, json: flags.json }, invocation, machine);

  using terminal = createTerminal({
    stdout: process.stdout,
    stderr: process.stderr,
    quiet: flags.quiet,
    json: flags.json,
  });
  const result = await runWithSignals(
    id,
    { force, overwrite: flags.overwrite, onEvent: terminal.onEvent },
    invocation,
    machine,
  );
  const report = collectReport(result, { app: machine.app, engines: machine.engines, offline: machine.offline });
  const { json, markdown } = writeReport(report);
  const jobDir = join(settings.roots.out, id);
  writeFileSync(join(jobDir, 'report.json'), json);
  writeFileSync(join(jobDir, 'report.md'), markdown);
  terminal.finish({
    id,
    ran: result.ran,
    delivered: result.delivered,
    warnings: report.warnings.length,
    seconds: result.seconds,
    reportPath: join(jobDir, 'report.md'),
  });
  if (flags.demo) terminal.note(demoSummary(report, jobDir));
  if (flags.strict && report.warnings.length > 0) {
    throw new Failure('ERR_QUALITY', `The job has ${report.warnings.length} warnings and --strict was given.`, {
      why: report.warnings
        .slice(0, 3)
        .map(({ message }) => message)
        .join(' '),
      safe: 'Everything was delivered.',
      fix: [`./babelreel.sh status ${id}`],
      log: join(jobDir, 'report.md'),
    });
  }
  return 0;
}

/** Ctrl-C once: stop cleanly and keep what is finished; twice: kill at once. */
async function runWithSignals(
  id: string,
  run: { readonly force: string | undefined; readonly overwrite: boolean; readonly onEvent: (event: JobEvent) => void },
  { settings }: Invocation,
  machine: Machine,
): Promise<RunResult> {
  const stop = new AbortController();
  let signalled = 0;
  const onSignal = (signal: NodeJS.Signals): void => {
    signalled += 1;
    process.exitCode = signal === 'SIGTERM' ? 143 : 130;
    if (signalled === 1) {
      process.stderr.write('Stopping; what is finished is kept. Again to kill at once.\n');
      stop.abort();
      return;
    }
    killAllGroups('kill');
    process.exit(process.exitCode);
  };
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal).on('SIGHUP', onSignal);
  try {
    const tools = await machine.openTools((text) => process.stderr.write(`${text}\n`));
    using state = openState(settings.roots.state);
    const digests = openFileDigests(state);
    return await runJob({
      id,
      app: machine.app,
      settings,
      limits: { cpus: machine.limits.cpu, ramMiB: machine.limits.ramMiB },
      code: machine.code,
      stages: STAGES,
      engines: machine.engines,
      machine: machine.runMachine(tools, () => digests),
      force: run.force,
      overwrite: run.overwrite,
      signal: stop.signal,
      onEvent: run.onEvent,
    });
  } finally {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal).off('SIGHUP', onSignal);
  }
}

function printPlan(
  options: { readonly id: string; readonly force: string | undefined; readonly json: boolean },
  { settings }: Invocation,
  machine: Machine,
): number {
  const { roots } = settings;
  const manifest = readManifest(roots.out, options.id);
  const state = readJobState(roots.out, options.id);
  const missing = missingDeliverables(manifest, { settings, code: machine.code });
  const { plan } = planLightly({ manifest, state, roots, code: machine.code, missing, force: options.force });
  const rows = plan.map(({ stage, state: planned, reason, record }) => ({
    stage: stage.id,
    state: planned,
    why: reason,
    engine: Object.values(stage.engines).join(', '),
    seconds: record?.seconds ?? null,
  }));
  process.stdout.write(
    options.json ? `${JSON.stringify({ id: options.id, plan: rows, missing })}\n` : formatPlan(rows),
  );
  return 0;
}
