import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/**
 * Who a process is, so that a later one can tell whether it still lives. A pid alone is not enough: pids are used again, and mean
 * something else in another pid namespace. Fields are empty (0 for ticks) where the platform has no /proc.
 */
export interface ProcessIdentity {
  readonly host: string;
  readonly bootId: string;
  readonly pidNamespace: string;
  readonly pid: number;
  /** Clock ticks from boot to the start of the process; 0 = not known. */
  readonly startTicks: number;
}

let cached: ProcessIdentity | undefined;

/** The identity of this process. */
export function thisProcess(): ProcessIdentity {
  cached ??= {
    host: hostname(),
    bootId: orEmpty(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()),
    pidNamespace: orEmpty(() => readlinkSync('/proc/self/ns/pid').replace(/\D/g, '')),
    pid: process.pid,
    startTicks: lookAtProcess(process.pid)?.startTicks ?? 0,
  };
  return cached;
}

/**
 * Whether the process `other` lives, as far as a process `mine` can tell. `unknown`: it is in another pid namespace or on another
 * machine. Equal boot ids mean the same machine whatever its name; another boot id under the same name means a restart.
 */
export function judgeProcess(other: ProcessIdentity, mine: ProcessIdentity): 'alive' | 'dead' | 'unknown' {
  const sameBoot = other.bootId === mine.bootId;
  if (!sameBoot) return other.host === mine.host ? 'dead' : 'unknown';
  if (mine.bootId === '' && other.host !== mine.host) return 'unknown';
  if (other.pidNamespace !== mine.pidNamespace) return 'unknown';
  return isAlive(other.pid, other.startTicks) ? 'alive' : 'dead';
}

/** True when `pid` runs and, where both are known, started at `startTicks`. A zombie is dead. */
export function isAlive(pid: number, startTicks: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: it is there and belongs to somebody else.
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  const seen = lookAtProcess(pid);
  // A process that /proc hides (hidepid) but that takes signals has to be taken for alive.
  if (seen === undefined) return true;
  return !seen.zombie && (startTicks === 0 || seen.startTicks === startTicks);
}

/** State and start time of a process from /proc; undefined when it is gone or /proc does not show it. */
export function lookAtProcess(pid: number): { readonly startTicks: number; readonly zombie: boolean } | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return undefined;
  }
  // The name in parentheses may hold spaces and parentheses itself; fields are counted from behind it (proc_pid_stat(5): 3 and 22).
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return { startTicks: Number(fields[19]), zombie: fields[0] === 'Z' || fields[0] === 'X' };
}

function orEmpty(read: () => string): string {
  try {
    return read();
  } catch {
    return '';
  }
}
