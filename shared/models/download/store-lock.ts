import { AsyncLocalStorage } from 'node:async_hooks';
import { join } from 'node:path';
import { type FolderLockOptions, withFolderLock } from '../../store/folder-lock.ts';

export type StoreLockOptions = Pick<FolderLockOptions, 'onWait' | 'signal'>;

/** Roots that this chain of calls has already, so that what holds the lock can call what takes it. */
const held = new AsyncLocalStorage<ReadonlySet<string>>();
/** Within one process the lock is handed on in the order it was asked for. */
const queues = new Map<string, Promise<unknown>>();

/**
 * Runs `work` while no other process, here or on a machine that shares the disk, changes the models under `root`. Who has the lock may take
 * it again.
 * @throws Failure ERR_CANCELLED when the signal fires while waiting, ERR_NOT_WRITABLE, ERR_DISK_FULL
 */
export async function withStoreLock<T>(root: string, options: StoreLockOptions, work: () => Promise<T>): Promise<T> {
  const mine = held.getStore() ?? new Set<string>();
  if (mine.has(root)) return work();
  const before = queues.get(root) ?? Promise.resolve();
  const lock = { dir: join(root, '.lock'), name: 'store', ...options };
  const run = before.then(() => withFolderLock(lock, () => held.run(new Set([...mine, root]), work)));
  const settled = run.catch(() => {});
  queues.set(root, settled);
  try {
    return await run;
  } finally {
    if (queues.get(root) === settled) queues.delete(root);
  }
}
