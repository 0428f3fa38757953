import { threadId } from 'node:worker_threads';
import { sha256Hex } from '../util/digest.ts';
import { judgeProcess, type ProcessIdentity, thisProcess } from './process-identity.ts';

const PATTERN = /~([0-9a-f]{6})-([0-9a-f]{6})-([0-9a-z]+)-([0-9a-z]+)-([0-9a-z]+)-[0-9a-z]+$/;

/**
 * How long a leftover of a process on another machine or in another container is kept, since nobody here can tell whether it lives.
 * Longer than any job.
 */
const FOREIGN_GRACE_MS = 7 * 24 * 3_600_000;

/** Each thread has its own copy of this module. */
let counter = threadId * 2 ** 32;

/** Host and boot as short hashes: the name of a scratch folder must leave room for the path of a socket in it (108 bytes). */
const short = (text: string): string => sha256Hex(text).slice(0, 6);

function shortIdentity(): ProcessIdentity {
  const mine = thisProcess();
  return { ...mine, host: short(mine.host), bootId: short(mine.bootId) };
}

/**
 * A name for a temporary file or folder that tells who made it, unique on this machine and among machines that share the disk:
 * `<label>~<host>-<boot>-<pid namespace>-<pid>-<start ticks>-<n>`, numbers in base 36. What a dead process leaves is found by it.
 */
export function ownedName(label: string): string {
  const { host, bootId, pidNamespace, pid, startTicks } = shortIdentity();
  const numbers = [Number(pidNamespace), pid, startTicks, counter++].map((number) => number.toString(36));
  return `${label}~${host}-${bootId}-${numbers.join('-')}`;
}

/**
 * True when `name` was made by `ownedName` and its maker is dead, or cannot be judged and `ageMs` is past the grace time.
 * A name of any other form is nobody's business: false.
 */
export function isAbandoned(name: string, ageMs: number): boolean {
  const match = PATTERN.exec(name);
  if (match === null) return false;
  const [, host, bootId, namespace, pid, ticks] = match as unknown as readonly string[];
  const number = (text: string | undefined): number => Number.parseInt(text ?? '', 36);
  const mine = shortIdentity();
  const maker: ProcessIdentity = {
    host: host ?? '',
    bootId: bootId ?? '',
    pidNamespace: mine.pidNamespace === '' ? '' : String(number(namespace)),
    pid: number(pid),
    startTicks: number(ticks),
  };
  const verdict = judgeProcess(maker, mine);
  return verdict === 'dead' || (verdict === 'unknown' && ageMs > FOREIGN_GRACE_MS);
}
