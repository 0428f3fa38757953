import { mkdirSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Failure } from '../contract/failure.ts';
import { judgeProcess, type ProcessIdentity, thisProcess } from '../store/process-identity.ts';

export interface SetUpLockOptions {
  /** Folder of the lock files, made when missing. */
  readonly dir: string;
  /** What is locked. */
  readonly name: string;
  /** Called once when another process has it. */
  readonly onWait?: (pid: number) => void;
  readonly signal?: AbortSignal | undefined;
}

/** File name of an announcement and whose it is. */
interface Announcement {
  readonly file: string;
  readonly by: ProcessIdentity;
}

/** A holder that cannot be judged by its pid is dead when its file was not touched for so long on the watcher's own clock. */
const SILENT_MS = 15_000;
const TOUCH_MS = 2_000;
let announced = 0;

const prefixOf = (name: string): string => `.lock-${name}@`;

function announcementName(name: string, by: ProcessIdentity): string {
  const host = by.host.replace(/[^\w.-]/g, '_');
  return `${prefixOf(name)}${[host, by.bootId, by.pidNamespace, by.pid, by.startTicks, announced++].join('~')}`;
}

function announcements(dir: string, name: string): Announcement[] {
  const prefix = prefixOf(name);
  return readdirSync(dir).flatMap((file) => {
    if (!file.startsWith(prefix)) return [];
    const [host = '', bootId = '', pidNamespace = '', pid, startTicks] = file.slice(prefix.length).split('~');
    return [{ file, by: { host, bootId, pidNamespace, pid: Number(pid), startTicks: Number(startTicks) } }];
  });
}

/** Tells dead holders from live ones; one that cannot be judged by its pid is watched from call to call. */
function createJudge(dir: string): (holder: Announcement) => boolean {
  const watched = new Map<string, { readonly mtimeMs: number; readonly since: number }>();
  return ({ file, by }) => {
    const verdict = judgeProcess(by, thisProcess());
    if (verdict !== 'unknown') return verdict === 'dead';
    const mtimeMs = statSync(join(dir, file), { throwIfNoEntry: false })?.mtimeMs;
    if (mtimeMs === undefined) return true;
    const seen = watched.get(file);
    if (seen?.mtimeMs === mtimeMs) return performance.now() - seen.since > SILENT_MS;
    watched.set(file, { mtimeMs, since: performance.now() });
    return false;
  };
}

/**
 * Runs `work` while no other process works under the same name. Who wants the lock announces itself by a file that carries its pid and
 * start time, then looks for others; who sees a live one steps back. Such a name is never used twice, so a dead one can be removed at any
 * time without a race, and there is nothing to unlock by hand.
 * @throws Failure ERR_CANCELLED when the signal fires while waiting
 */
export async function withSetUpLock<T>(options: SetUpLockOptions, work: () => Promise<T>): Promise<T> {
  const { dir, name, onWait, signal } = options;
  mkdirSync(dir, { recursive: true });
  const own = announcementName(name, thisProcess());
  const path = join(dir, own);
  const isDead = createJudge(dir);
  const liveOthers = (): Announcement[] =>
    announcements(dir, name).filter((holder) => {
      if (holder.file === own) return false;
      if (!isDead(holder)) return true;
      rmSync(join(dir, holder.file), { force: true });
      return false;
    });
  for (let told = false; ; ) {
    let others = liveOthers();
    if (others.length === 0) {
      writeFileSync(path, '');
      others = liveOthers();
      if (others.length === 0) break;
      rmSync(path, { force: true });
    }
    if (!told && others[0] !== undefined) onWait?.(others[0].by.pid);
    told = true;
    if (signal?.aborted) throw new Failure('ERR_CANCELLED', 'Setting up was stopped.');
    // Two that step back at the same moment must not come back at the same moment.
    await sleep(50 + Math.random() * 150);
  }
  const touch = setInterval(() => {
    const now = new Date();
    utimesSync(path, now, now);
  }, TOUCH_MS).unref();
  try {
    return await work();
  } finally {
    clearInterval(touch);
    rmSync(path, { force: true });
  }
}
