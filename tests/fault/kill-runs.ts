import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Workspace } from '../helpers/workspace.ts';
import { batchWidths, type EngineCalls, engineCalls, startedAgain } from './engine-calls.ts';
import { leftovers } from './leftovers.ts';
import { untilGone } from './living-processes.ts';
import { seededRandom } from './random.ts';
import { deliverables, prepareDub } from './short-film.ts';

export interface KillOptions {
  readonly workspace: Workspace;
  /** The media file. */
  readonly film: string;
  readonly kills: number;
  readonly seed: number;
  readonly say?: (line: string) => void;
}

export interface KillReport {
  /** Milliseconds of the run that nobody disturbed. */
  readonly undisturbedMs: number;
  /** When the runner was killed, milliseconds after its start. */
  readonly killedAtMs: readonly number[];
  /** How long anything of the job outlived each kill. */
  readonly goneAfterMs: readonly number[];
  /** From the start of a run after a kill to its first event. */
  readonly readyAfterMs: readonly number[];
  /** How often the job was run to its end. */
  readonly rounds: number;
  /** Engine -> requests beyond those of an undisturbed run, and how many the kills may cost at most; all rounds. */
  readonly repeated: Readonly<Record<string, { readonly calls: number; readonly allowed: number }>>;
  /** Everything that was not as it must be, in words. */
  readonly faults: readonly string[];
}

/** A run may die this long before its process is given up. */
const GONE_LIMIT_MS = 2_000;

/**
 * Runs a dub undisturbed, then again and again from an empty store, each time killed at random moments and started again by the same
 * command until it is done, until `kills` kills are spent.
 */
export async function killRuns(options: KillOptions): Promise<KillReport> {
  const { workspace, film, kills, seed, say = () => {} } = options;
  const widths = await batchWidths();
  const random = seededRandom(seed);
  const faults: string[] = [];

  let job = await prepareDub(workspace, film);
  const undisturbed = await workspace.run('run-pipeline', '-j', job);
  if (undisturbed.code !== 0)
    throw new Error(`the undisturbed run ended with ${undisturbed.code}\n${undisturbed.stderr}`);
  const wanted = deliverables(workspace, job);
  const distinct = engineCalls(workspace.events(job));
  say(`undisturbed: ${(undisturbed.ms / 1000).toFixed(1)} s, ${Object.keys(wanted).length} files`);

  const killedAtMs: number[] = [];
  const goneAfterMs: number[] = [];
  const readyAfterMs: number[] = [];
  const repeated: Record<string, { calls: number; allowed: number }> = {};
  let rounds = 0;
  let answeredTwice = 0;
  while (killedAtMs.length < kills) {
    workspace.forget();
    job = await prepareDub(workspace, film);
    rounds += 1;
    let killed = 0;
    for (;;) {
      const startedAt = Date.now();
      const atMs = random() * undisturbed.ms;
      const victim = killedAtMs.length < kills;
      const run = await startAndKill(workspace, job, victim ? atMs : undefined);
      if (killed > 0) noteReady(startedAt);
      if (run.signal !== 'SIGKILL') {
        if (run.code !== 0) faults.push(`a run after ${killed} kills ended with ${run.code}: ${run.stderr}`);
        break;
      }
      killed += 1;
      killedAtMs.push(atMs);
      const gone = await untilGone(workspace.dir, GONE_LIMIT_MS);
      goneAfterMs.push(gone.ms);
      for (const { pid, command } of gone.left)
        faults.push(`killed at ${atMs.toFixed(0)} ms: process ${pid} lives on: ${command.slice(0, 200)}`);
      say(`kill ${killedAtMs.length} at ${(atMs / 1000).toFixed(2)} s, gone after ${gone.ms.toFixed(0)} ms`);
    }
    judgeRound(killed);
  }
  // An answer is told about 0.1 ms before it is kept: hardly ever does a kill fall in between.
  if (answeredTwice > 1 + Math.floor(kills / 40)) faults.push(`${answeredTwice} requests were answered twice`);
  return { undisturbedMs: undisturbed.ms, killedAtMs, goneAfterMs, readyAfterMs, rounds, repeated, faults };

  function noteReady(startedAt: number): void {
    // A run that was killed before its first event has none.
    const first = workspace.events(job).find(({ at }) => Date.parse(at) >= startedAt);
    if (first !== undefined) readyAfterMs.push(Date.parse(first.at) - startedAt);
  }

  function judgeRound(killed: number): void {
    const found = deliverables(workspace, job);
    for (const name of new Set([...Object.keys(wanted), ...Object.keys(found)]))
      if (found[name] !== wanted[name]) faults.push(`round ${rounds}: ${name} is not what the undisturbed run made`);
    for (const name of ['report.json', 'report.md'])
      if (!existsSync(workspace.out(job, name))) faults.push(`round ${rounds}: there is no ${name}`);
    const events = workspace.events(job);
    faults.push(...startedAgain(events).map((text) => `round ${rounds}: ${text}`));
    faults.push(...leftovers(workspace).map((path) => `round ${rounds}: ${path} was left`));
    const calls = engineCalls(events);
    answeredTwice += answered(calls) - answered(distinct);
    for (const engine of new Set([...Object.keys(distinct), ...Object.keys(calls)])) {
      const more = started(calls[engine]) - started(distinct[engine]);
      // What was handed to the one worker of an engine, one batch, is lost with it.
      const allowed = killed * (widths.get(engine) ?? 0);
      if (more < 0) faults.push(`round ${rounds}: ${engine} answered ${-more} requests less than undisturbed`);
      if (more > allowed) faults.push(`round ${rounds}: ${engine} was asked ${more} times more after ${killed} kills`);
      const sum = repeated[engine] ?? { calls: 0, allowed: 0 };
      repeated[engine] = { calls: sum.calls + Math.max(0, more), allowed: sum.allowed + allowed };
    }
  }
}

const started = (calls: EngineCalls | undefined): number => calls?.started ?? 0;
const answered = (calls: Readonly<Record<string, EngineCalls>>): number =>
  Object.values(calls).reduce((sum, { ended }) => sum + ended, 0);

/** Starts the run; kills the runner, and only the runner, after `atMs` unless it is done by then. */
async function startAndKill(workspace: Workspace, job: string, atMs: number | undefined) {
  const over = new AbortController();
  const result = await workspace.start(['run-pipeline', '-j', job], (pid) => {
    if (atMs === undefined) return;
    sleep(atMs, undefined, { signal: over.signal }).then(
      () => process.kill(pid, 'SIGKILL'),
      () => {},
    );
  });
  over.abort();
  return result;
}
