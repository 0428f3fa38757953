import { join } from 'node:path';
import { Failure, isFailure } from '../shared/contract/failure.ts';
import { needsNetwork, offlinePolicy, readOfflineFlag } from '../shared/contract/offline.ts';
import { networkDenial } from '../shared/process/launch-prefix.ts';
import { formatPlan } from '../shared/report/format-plan.ts';
import { reportFailure } from '../shared/report/report-failure.ts';
import { createTerminal } from '../shared/report/terminal.ts';
import { writeReport } from '../shared/report/write-report.ts';
import { planLightly } from '../shared/runner/finished.ts';
import { readJobState } from '../shared/runner/job-state.ts';
import { readManifest } from '../shared/runner/read-manifest.ts';
import { missingDeliverables, type RunResult, runJob } from '../shared/runner/run-job.ts';
import { stoppedByUser } from '../shared/runner/run-stage.ts';
import { openState } from '../shared/store/database.ts';
import { writeFileDurably } from '../shared/store/durable.ts';
import { openFileDigests } from '../shared/store/file-digests.ts';
import { STAGES } from '../stages/index.ts';
import type { Invocation } from './babelreel.ts';
import { collectReport } from './collect-report.ts';
import { prepareDemo } from './demo.ts';
import { demoSummary } from './demo-summary.ts';
import { askYes, canAsk } from './models/ask.ts';
import { findToken } from './models/find-token.ts';
import { type Machine, openMachine } from './open-machine.ts';
import { parseCommandLine } from './parse-command-line.ts';
import { catchStopSignals } from './stop-signals.ts';

/** Beyond the time a worker has to end when it is told to: with the default of 3 s a Ctrl-C is over within 5 s, whatever hangs. */
const PATIENCE_SECONDS = 1.5;

/** The whole of `./run-pipeline.sh`, for every case that is not a finished job asked for plainly. */
export async function runPipeline(invocation: Invocation): Promise<number> {
  const { args, settings, projectDir } = invocation;
  const flags = await parseCommandLine('run-pipeline', args);
  if (flags === undefined) return 0;
  const { json } = flags;
  // Without a listener the signal of a limit on the size of files ends the process before the write can fail and be told.
  process.on('SIGXFSZ', () => {});
  let again = flags.job === undefined ? './run-pipeline.sh --demo' : `./run-pipeline.sh -j ${flags.job}`;
  using stop = catchStopSignals({
    patience: settings.timeouts.cancel + PATIENCE_SECONDS,
    onLate: (exitCode) => reportFailure(stoppedByUser().with({ again }), { json, projectDir, exitCode }),
  });
  try {
    const wish = readOfflineFlag(flags.offline);
    const manifest = flags.job === undefined ? undefined : readManifest(settings.roots.out, flags.job);
    const policy = offlinePolicy(manifest?.policy.offline, wish);
    // A plan starts nothing.
    const machine = await openMachine(settings, projectDir, flags.plan ? 'guard' : policy);
    const id = flags.demo ? await prepareDemo(invocation, machine, stop.signal) : flags.job;
    if (id === undefined)
      throw new Failure('ERR_USAGE', 'No job was named.', {
        why: 'A job is prepared first; its id is what prepare-job prints.',
        fix: ['./babelreel.sh jobs', './run-pipeline.sh --demo'],
      });
    again = `./run-pipeline.sh -j ${id}`;
    const force = flags.force === undefined ? undefined : flags.force === '' ? 'all' : flags.force;
    if (flags.plan) return printPlan({ id, force, json }, invocation, machine);
    refuseDeclaredHosts(id, invocation, machine);
    return await runAndReport({ ...flags, id, force }, invocation, { machine, signal: stop.signal });
  } catch (error) {
    throw isFailure(error) ? error.with({ again }) : error;
  }
}

interface RunFlags {
  readonly id: string;
  readonly force: string | undefined;
  readonly overwrite: boolean;
  readonly strict: boolean;
  readonly demo: boolean;
  readonly json: boolean;
  readonly quiet: boolean;
  readonly 'download-models': boolean;
  readonly yes: boolean;
}

async function runAndReport(
  flags: RunFlags,
  { settings }: Invocation,
  { machine, signal }: { readonly machine: Machine; readonly signal: AbortSignal },
): Promise<number> {
  const { id, force, overwrite, json, quiet } = flags;
  using terminal = createTerminal({ stdout: process.stdout, stderr: process.stderr, quiet, json });
  const tools = await machine.openTools((text) => process.stderr.write(`${text}\n`), signal);
  using state = openState(settings.roots.state);
  const digests = openFileDigests(state);
  const reportOf = (result: RunResult) =>
    collectReport(result, {
      app: machine.app,
      engines: machine.engines,
      policy: machine.offlinePolicy,
      denial: machine.offlinePolicy === 'off' ? null : networkDenial(),
    });
  const jobDir = join(settings.roots.out, id);
  const result = await runJob({
    id,
    app: machine.app,
    settings,
    limits: { cpus: machine.limits.cpu, ramMiB: machine.limits.ramMiB },
    code: machine.code,
    stages: STAGES,
    engines: machine.engines,
    machine: machine.runMachine({
      tools,
      digests: () => digests,
      policy: {
        jobId: id,
        download: flags['download-models'] || flags.yes || settings.models.onMissing === 'download',
        offline: machine.offlinePolicy === 'enforce',
        ask:
          canAsk() && !json && settings.models.onMissing === 'ask' ? (question) => askYes(question, signal) : undefined,
        token: findToken(undefined, process.env),
        quiet: quiet || json,
      },
    }),
    force,
    overwrite,
    signal,
    onEvent: terminal.onEvent,
    async onDelivered(delivered) {
      const { json: text, markdown } = writeReport(reportOf(delivered));
      await writeFileDurably(join(jobDir, 'report.json'), text);
      await writeFileDurably(join(jobDir, 'report.md'), markdown);
    },
  });
  const report = reportOf(result);
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

/** An engine that needs its hosts cannot be cut off from them. @throws Failure ERR_OFFLINE */
function refuseDeclaredHosts(id: string, { settings }: Invocation, machine: Machine): void {
  if (machine.offlinePolicy !== 'enforce') return;
  const locked = Object.keys(readManifest(settings.roots.out, id).lock.engines);
  const online = locked.find((engine) => machine.engines.get(engine)?.definition.network === 'declared-hosts');
  if (online !== undefined) throw needsNetwork(online);
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
