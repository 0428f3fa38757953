import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { JobEvent } from '../shared/contract/event.ts';
import { FAILURES, Failure, type FailureCode } from '../shared/contract/failure.ts';
import type { JobManifest } from '../shared/contract/job.ts';
import { type NetworkAttempt, type NetworkDenial, noDenial } from '../shared/contract/offline.ts';
import type { NetworkControl, OfflineProof, ProvedDeliverable } from '../shared/contract/offline-proof.ts';
import type { FailureJson, ReportData } from '../shared/contract/report.ts';
import { ATTEMPTS_VARIABLE } from '../shared/environment/variables.ts';
import { networkDenial } from '../shared/process/launch-prefix.ts';
import { runNetworkControl } from '../shared/process/network-control.ts';
import { readJobState } from '../shared/runner/job-state.ts';
import { readManifest } from '../shared/runner/read-manifest.ts';
import { writeFileDurably } from '../shared/store/durable.ts';
import { hashFile } from '../shared/store/hash-file.ts';
import { ownedName } from '../shared/store/owned-name.ts';
import type { Invocation } from './babelreel.ts';
import { type PrivateRun, runPrivately } from './run-privately.ts';

export interface ProveOptions {
  readonly id: string;
  readonly invocation: Pick<Invocation, 'settings' | 'projectDir'>;
  readonly signal: AbortSignal;
  /** Every event of the run, as it happens. */
  readonly onEvent: (event: JobEvent) => void;
  /** Only a test gives its own: one that gets out, to see the proof refused. */
  readonly control?: () => Promise<NetworkControl>;
  /** As `control`: one that sees an attempt. */
  readonly run?: typeof runPrivately;
}

export const proofPath = (outDir: string, id: string): string => join(outDir, id, 'offline-proof.json');

/**
 * Runs a job again in a store of its own, the whole command cut off from every network by the kernel, after a negative control, and writes
 * down what that proves. A proof that fails is written, too, so that no older one is left standing beside it.
 * @throws Failure ERR_OFFLINE where nothing can be denied or proved; ERR_JOB_UNKNOWN, ERR_CANCELLED; what the private run failed with
 */
export async function proveOffline(options: ProveOptions): Promise<OfflineProof> {
  const { id, invocation, signal } = options;
  const { settings, projectDir } = invocation;
  const manifest = readManifest(settings.roots.out, id);
  const method = networkDenial();
  if (method === null) throw noDenial();
  const startedAt = performance.now();
  const control = await (options.control?.() ??
    runNetworkControl({
      denyNetwork: true,
      guardDir: join(projectDir, 'shared', 'worker'),
      guardVariable: ATTEMPTS_VARIABLE,
      signal,
    }));
  mkdirSync(settings.roots.scratch, { recursive: true });
  const dir = join(settings.roots.scratch, ownedName('proof'));
  try {
    // A control that is void says that nothing would be proved: the run is spared.
    const run = controlProblems(control).length === 0 ? await runJobIn(dir, manifest, options) : undefined;
    const proof = await writeDown({ manifest, method, control, run, options, startedAt });
    await writeFileDurably(proofPath(settings.roots.out, id), `${JSON.stringify(proof, null, 2)}\n`);
    if (proof.problems.length > 0) throw notProved(proof, run?.failure, settings.roots.out);
    return proof;
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

interface Seen extends PrivateRun {
  readonly report: ReportData | undefined;
  readonly deliverables: readonly ProvedDeliverable[];
}

async function runJobIn(dir: string, manifest: JobManifest, options: ProveOptions): Promise<Seen> {
  const { settings, projectDir } = options.invocation;
  const own = (name: string): string => join(dir, name);
  const jobDir = join(own('out'), manifest.id);
  mkdirSync(jobDir, { recursive: true });
  await copyFile(join(settings.roots.out, manifest.id, 'job.json'), join(jobDir, 'job.json'));
  const run = await (options.run ?? runPrivately)({
    id: manifest.id,
    projectDir,
    roots: {
      ...settings.roots,
      state: own('state'),
      objects: own('objects'),
      records: own('records'),
      tasks: own('tasks'),
      scratch: own('scratch'),
      out: own('out'),
    },
    signal: options.signal,
    onEvent: options.onEvent,
  });
  const report = run.failure === undefined ? readReport(join(jobDir, 'report.json')) : undefined;
  const deliverables = await digestAll(manifest, jobDir, settings.roots.out);
  return { ...run, report, deliverables };
}

const readReport = (path: string): ReportData => JSON.parse(readFileSync(path, 'utf8')) as ReportData;

async function digestAll(manifest: JobManifest, jobDir: string, outDir: string): Promise<readonly ProvedDeliverable[]> {
  const own = readJobState(outDir, manifest.id).files;
  const found: ProvedDeliverable[] = [];
  for (const { to } of manifest.deliverables) {
    const stored = await hashFile(join(jobDir, to)).catch(() => undefined);
    if (stored === undefined) continue;
    const before = own[to]?.digest;
    found.push({
      to,
      bytes: stored.bytes,
      sha256: stored.digest,
      sameAsOwnRun: before === undefined ? null : before === stored.digest,
    });
  }
  return found;
}

async function writeDown(facts: {
  readonly manifest: JobManifest;
  readonly method: Exclude<NetworkDenial, null>;
  readonly control: NetworkControl;
  readonly run: Seen | undefined;
  readonly options: ProveOptions;
  readonly startedAt: number;
}): Promise<OfflineProof> {
  const { manifest, method, control, run, startedAt } = facts;
  const calls = Object.fromEntries(
    Object.keys(manifest.lock.engines).map((engine) => [
      engine,
      run?.report?.engines.find(({ id }) => id === engine)?.calls ?? 0,
    ]),
  );
  const attempts = run?.attempts ?? [];
  const problems = [...controlProblems(control), ...runProblems(manifest, run, calls), ...attempts.map(tellAttempt)];
  const no_downloads = control.blocked && control.reachesWithoutDenial && control.guardSees && attempts.length === 0;
  const inference_works = run !== undefined && runProblems(manifest, run, calls).length === 0;
  return {
    schema: 'offline-proof/1',
    jobId: manifest.id,
    app: manifest.app,
    madeAt: new Date().toISOString(),
    platform: `${process.platform}-${process.arch}`,
    seconds: Math.round(performance.now() - startedAt) / 1000,
    method,
    kernelEnforced: control.blocked,
    control,
    attempts,
    calls,
    toolCalls: run?.report?.toolCalls ?? { ffmpeg: 0, ffprobe: 0 },
    models: Object.entries(manifest.lock.models).map(([id, { revision, digest }]) => ({
      id,
      revision: revision ?? null,
      digest: digest ?? run?.resolved[id] ?? null,
    })),
    environments: Object.fromEntries(
      Object.entries(manifest.lock.engines).map(([id, { environment }]) => [
        id,
        environment ?? run?.resolved[id] ?? null,
      ]),
    ),
    deliverables: run?.deliverables ?? [],
    offline_capable: no_downloads && inference_works,
    no_downloads,
    inference_works,
    problems,
  };
}

function controlProblems(control: NetworkControl): readonly string[] {
  return [
    ...(control.blocked ? [] : [`The control got out: ${escaped(control)}. Nothing would be proved.`]),
    ...(control.reachesWithoutDenial
      ? []
      : ['The control cannot even reach a server of this machine, so that it is stopped says nothing.']),
    ...(control.guardSees
      ? []
      : ['The guard of Python workers did not see the control, so that it saw nothing else says nothing.']),
  ];
}

const escaped = ({ tries }: NetworkControl): string =>
  tries
    .filter(({ out }) => out)
    .map(({ by, what }) => `${what} (${by})`)
    .join(', ') || 'its probes did not end as they should';

function runProblems(
  manifest: JobManifest,
  run: Seen | undefined,
  calls: Readonly<Record<string, number>>,
): readonly string[] {
  if (run === undefined) return [];
  if (run.failure !== undefined)
    return [`The run failed: ${run.failure.message}${run.failure.cause === null ? '' : ` ${run.failure.cause}`}`];
  const idle = Object.entries(calls).flatMap(([engine, count]) => (count === 0 ? [engine] : []));
  const missing = manifest.deliverables.filter(({ to }) => !run.deliverables.some((file) => file.to === to));
  return [
    ...idle.map((engine) => `The engine ${engine} made no call, so nothing is proved about it.`),
    ...missing.map(({ to }) => `${to} was not delivered.`),
  ];
}

const tellAttempt = ({ engine, host, port, stack }: NetworkAttempt): string =>
  `${engine} wanted ${host || 'a network'}${port === null ? '' : `:${port}`}: ${stack.slice(0, 3).join(', from ')}.`;

/** What the private run failed with keeps its code: a missing model is no matter of the network. */
function notProved(proof: OfflineProof, failure: FailureJson | undefined, outDir: string): Failure {
  const code: FailureCode =
    failure !== undefined && Object.hasOwn(FAILURES, failure.code) ? failure.code : 'ERR_OFFLINE';
  return new Failure(code, `It is not proved that job ${proof.jobId} works without a network.`, {
    why: proof.problems.join(' '),
    safe: 'The job itself was not touched.',
    fix: failure?.fix.length ? failure.fix : [`./run-pipeline.sh -j ${proof.jobId} --offline enforce`],
    log: proofPath(outDir, proof.jobId),
  });
}
