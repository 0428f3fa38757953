import { mkdirSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Failure } from '../contract/failure.ts';
import { onDiskSync } from './disk-failure.ts';
import { judgeProcess, type ProcessIdentity, thisProcess } from './process-identity.ts';

/** Who has a lock. */
export interface LockHolder {
  readonly host: string;
  readonly pid: number;
}

export interface FolderLockOptions {
  /** Folder of the lock files, made when missing. */
  readonly dir: string;
  /** What is locked. */
  readonly name: string;
  /** Called once when another process has it. */
  readonly onWait?: ((holder: LockHolder) => void) | undefined;
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

/**
 * Runs `work` while no other process, here or on a machine that shares the disk, works under the same name. Who wants the lock announces
 * itself by a file whose name says who it is, then looks for others; who sees a live one steps back and waits. No name is used twice, so
 * that of a dead process is removed by whoever sees it, without a race, and there is nothing to unlock by hand.
 * @throws Failure ERR_CANCELLED when the signal fires while waiting, ERR_NOT_WRITABLE, ERR_DISK_FULL
 */
export async function withFolderLock<T>(options: FolderLockOptions, work: () => Promise<T>): Promise<T> {
  using _lock = await takeLock(options);
  return await work();
}

async function takeLock({ dir, name, onWait, signal }: FolderLockOptions): Promise<Disposable> {
  const prefix = `.lock-${name}@`;
  const path = join(dir, announcementName(prefix, thisProcess()));
  onDiskSync({ folder: dirname(dir) }, () => mkdirSync(dir, { recursive: true }));
  const liveOthers = createWatch(dir, prefix, path);
  for (let told = false; ; ) {
    if (signal?.aborted) throw new Failure('ERR_CANCELLED', 'Waiting for another process was stopped.');
    let others = liveOthers();
    if (others.length === 0) {
      onDiskSync({ folder: dir }, () => writeFileSync(path, ''));
      others = liveOthers();
      if (others.length === 0) break;
      rmSync(path, { force: true });
    }
    const [first] = others;
    if (!told && first !== undefined) onWait?.({ host: first.by.host, pid: first.by.pid });
    told = true;
    // Two that step back at the same moment must not come back at the same moment.
    await sleep(50 + Math.random() * 150);
  }
  const touch = setInterval(() => {
    const now = new Date();
    try {
      utimesSync(path, now, now);
    } catch {
      // A share that is away for a moment; the work itself will say so if it lasts.
    }
  }, TOUCH_MS).unref();
  return {
    [Symbol.dispose]() {
      clearInterval(touch);
      rmSync(path, { force: true });
    },
  };
}

function announcementName(prefix: string, by: ProcessIdentity): string {
  const host = by.host.replace(/[^\w.-]/g, '_');
  return `${prefix}${[host, by.bootId, by.pidNamespace, by.pid, by.startTicks, announced++].join('~')}`;
}

function announcements(dir: string, prefix: string): readonly Announcement[] {
  return readdirSync(dir).flatMap((file) => {
    if (!file.startsWith(prefix)) return [];
    const [host = '', bootId = '', pidNamespace = '', pid, startTicks] = file.slice(prefix.length).split('~');
    return [{ file, by: { host, bootId, pidNamespace, pid: Number(pid), startTicks: Number(startTicks) } }];
  });
}

/** Looks for others that live and removes what the dead left; one that cannot be judged by its pid is watched from call to call. */
function createWatch(dir: string, prefix: string, own: string): () => readonly Announcement[] {
  const watched = new Map<string, { readonly mtimeMs: number; readonly since: number }>();
  const isDead = ({ file, by }: Announcement): boolean => {
    const verdict = judgeProcess(by, thisProcess());
    if (verdict !== 'unknown') return verdict === 'dead';
    const mtimeMs = statSync(join(dir, file), { throwIfNoEntry: false })?.mtimeMs;
    if (mtimeMs === undefined) return true;
    const seen = watched.get(file);
    if (seen?.mtimeMs === mtimeMs) return performance.now() - seen.since > SILENT_MS;
    watched.set(file, { mtimeMs, since: performance.now() });
    return false;
  };
  return () =>
    announcements(dir, prefix).filter((holder) => {
      if (join(dir, holder.file) === own) return false;
      if (!isDead(holder)) return true;
      rmSync(join(dir, holder.file), { force: true });
      return false;
    });
}
