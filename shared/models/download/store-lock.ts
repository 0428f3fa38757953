import { AsyncLocalStorage } from 'node:async_hooks';
import { mkdirSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Failure } from '../../contract/failure.ts';
import { onDiskSync } from '../../store/disk-failure.ts';
import { judgeProcess, type ProcessIdentity, thisProcess } from '../../store/process-identity.ts';

/** Who has the lock. */
export interface StoreHolder {
  readonly host: string;
  readonly pid: number;
}

export interface StoreLockOptions {
  /** Called once when another process has it. */
  readonly onWait?: ((holder: StoreHolder) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

interface Announcement {
  readonly file: string;
  readonly by: ProcessIdentity;
}

const PREFIX = 'store@';
/** A holder on another machine, whose pid says nothing here, is dead when its file was not touched for so long by the watcher's own clock. */
const SILENT_MS = 15_000;
const TOUCH_MS = 2_000;
let announced = 0;

/** Roots that this chain of calls has already, so that what holds the lock can call what takes it. */
const held = new AsyncLocalStorage<ReadonlySet<string>>();
/** Within one process the lock is handed on in the order it was asked for. */
const queues = new Map<string, Promise<unknown>>();

/**
 * Runs `work` while no other process, here or on a machine that shares the disk, changes the models under `root`. Who wants the lock announces
 * itself by a file whose name says who it is, then looks for others; who sees a live one steps back and waits. No name is used twice, so that of a dead
 * process is removed by whoever sees it: there is nothing to unlock by hand. Who has the lock may take it again.
 * @throws Failure ERR_CANCELLED when the signal fires while waiting, ERR_NOT_WRITABLE, ERR_DISK_FULL
 */
export async function withStoreLock<T>(root: string, options: StoreLockOptions, work: () => Promise<T>): Promise<T> {
  const mine = held.getStore() ?? new Set<string>();
  if (mine.has(root)) return work();
  const before = queues.get(root) ?? Promise.resolve();
  const run = before.then(async () => {
    await using _lock = await takeLock(root, options);
    return await held.run(new Set([...mine, root]), work);
  });
  const settled = run.catch(() => {});
  queues.set(root, settled);
  try {
    return await run;
  } finally {
    if (queues.get(root) === settled) queues.delete(root);
  }
}

async function takeLock(root: string, { onWait, signal }: StoreLockOptions): Promise<AsyncDisposable> {
  const dir = join(root, '.lock');
  const path = join(dir, announcementName(thisProcess()));
  onDiskSync({ folder: root }, () => mkdirSync(dir, { recursive: true }));
  const liveOthers = createWatch(dir, path);
  for (let told = false; ; ) {
    if (signal?.aborted) throw new Failure('ERR_CANCELLED', 'Waiting for the model store was stopped.');
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
    async [Symbol.asyncDispose]() {
      clearInterval(touch);
      rmSync(path, { force: true });
    },
  };
}

function announcementName(by: ProcessIdentity): string {
  const host = by.host.replace(/[^\w.-]/g, '_');
  return `${PREFIX}${[host, by.bootId, by.pidNamespace, by.pid, by.startTicks, announced++].join('~')}`;
}

function announcements(dir: string): Announcement[] {
  return readdirSync(dir).flatMap((file) => {
    if (!file.startsWith(PREFIX)) return [];
    const [host = '', bootId = '', pidNamespace = '', pid, startTicks] = file.slice(PREFIX.length).split('~');
    return [{ file, by: { host, bootId, pidNamespace, pid: Number(pid), startTicks: Number(startTicks) } }];
  });
}

/** Looks for others that live and removes what the dead left; one that cannot be judged by its pid is watched from call to call. */
function createWatch(dir: string, own: string): () => readonly Announcement[] {
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
    announcements(dir).filter((holder) => {
      if (join(dir, holder.file) === own) return false;
      if (!isDead(holder)) return true;
      rmSync(join(dir, holder.file), { force: true });
      return false;
    });
}
