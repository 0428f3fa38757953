import { availableParallelism, totalmem } from 'node:os';
import { Failure } from '../contract/failure.ts';
import type { Limits } from '../util/settings.ts';

/** What a task needs while it runs. Memory is that of its worker: an idle worker can be evicted, so it holds nothing. */
export interface Need {
  readonly cpu: number;
  readonly ramMiB: number;
}

export interface AdmissionRequest extends Need {
  readonly id: string;
  /** Order of arrival; lower came first. */
  readonly seq: number;
  /** The larger one starts first; 0 when absent. */
  readonly urgency?: number;
  /** Starts of others since it became ready. */
  readonly overtaken: number;
  /** To start it another engine's idle worker has to leave. Worth avoiding: it is drained first. */
  readonly evicts: boolean;
}

/** Overtakings a request bears before what it needs is kept free for it. */
export const PATIENCE = 8;
/** The same for a request that costs an eviction, so that two engines that do not fit together do not take turns for every task. */
export const EVICTING_PATIENCE = 64;

/**
 * Which of the waiting requests start now. All or nothing per request, so nobody waits while holding. Requests that evict come after
 * those that do not, else the more urgent, else the first come is first served; smaller ones may pass a large one until its patience is at an end. From then on
 * what it needs is set aside, so it starts as soon as running work has given enough back. Pure and deterministic.
 */
export function admit(ready: readonly AdmissionRequest[], free: Need): readonly AdmissionRequest[] {
  const starts: AdmissionRequest[] = [];
  let { cpu, ramMiB } = free;
  for (const request of [...ready].sort(byTurn)) {
    // Less than nothing may be left behind a request that things are set aside for; who needs nothing of a kind passes.
    if (request.cpu <= Math.max(cpu, 0) && request.ramMiB <= Math.max(ramMiB, 0)) starts.push(request);
    else if (!isImpatient(request)) continue;
    // Started, or set aside for it: either way gone for those behind.
    cpu -= request.cpu;
    ramMiB -= request.ramMiB;
  }
  return starts;
}

const isImpatient = (request: AdmissionRequest): boolean =>
  request.overtaken >= (request.evicts ? EVICTING_PATIENCE : PATIENCE);

function byTurn(a: AdmissionRequest, b: AdmissionRequest): number {
  const impatience = Number(isImpatient(b)) - Number(isImpatient(a));
  const urgency = (b.urgency ?? 0) - (a.urgency ?? 0);
  return impatience || Number(a.evicts) - Number(b.evicts) || urgency || a.seq - b.seq || (a.id < b.id ? -1 : 1);
}

/** The limits of the settings with the machine in place of 0: all cpus, three quarters of the memory a process may have. */
export function machineLimits(limits: Limits): Need {
  const constrained = process.constrainedMemory();
  const bytes = constrained > 0 ? Math.min(constrained, totalmem()) : totalmem();
  return {
    cpu: limits.cpus === 0 ? availableParallelism() : limits.cpus,
    ramMiB: limits.ramMiB === 0 ? Math.floor((bytes / 2 ** 20) * 0.75) : limits.ramMiB,
  };
}

/** A Failure ERR_IMPOSSIBLE when a need is larger than all there is; it would wait for ever. */
export function impossible(name: string, need: Need, total: Need): Failure | undefined {
  if (need.cpu <= total.cpu && need.ramMiB <= total.ramMiB) return undefined;
  const [what, needs, has, setting] =
    need.cpu > total.cpu
      ? ['cpu slots', need.cpu, total.cpu, 'BABELREEL_LIMITS_CPUS']
      : ['MiB of memory', need.ramMiB, total.ramMiB, 'BABELREEL_LIMITS_RAM_MIB'];
  return new Failure('ERR_IMPOSSIBLE', `${name} needs more than this machine has.`, {
    why: `It needs ${needs} ${what}, the limit is ${has}.`,
    safe: 'Nothing is lost: nothing was started for it.',
    fix: [`${setting}=${needs} ./run-pipeline.sh`],
  });
}
