import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type Database from 'better-sqlite3';
import { Failure } from '../contract/failure.ts';
import { diskFailure, onDiskSync, quoted } from './disk-failure.ts';
import { networkFileSystemOf } from './network-file-system.ts';
import { type DatabasePlan, NewerDatabase, openDatabase } from './open-database.ts';

/**
 * What this machine knows for the moment: leases and remembered digests, in SQLite, each commit on the disk when it returns. It holds
 * nothing that cannot be found out again; to lose it costs no recomputation.
 */
export interface State extends Disposable {
  readonly db: Database.Database;
  /** Runs in one transaction that takes the write lock at its start; other processes wait. Throws ERR_DISK_FULL, ERR_NOT_WRITABLE. */
  write<T>(work: () => T): T;
  /** As `write`, without waiting for the disk: a power cut may take the newest of these back. For what is cheap to find out again. */
  jot<T>(work: () => T): T;
  /** Where a damaged database was put, when this opening found one. */
  readonly movedAside: string | undefined;
  close(): void;
}

const MIGRATIONS = [
  `
  CREATE TABLE runner (
    id INTEGER PRIMARY KEY,
    host TEXT NOT NULL, boot_id TEXT NOT NULL, pid_ns TEXT NOT NULL, pid INTEGER NOT NULL, pid_start_ticks INTEGER NOT NULL,
    hb_seq INTEGER NOT NULL DEFAULT 0,
    UNIQUE (host, boot_id, pid_ns, pid, pid_start_ticks)
  );
  CREATE TABLE lease (
    name TEXT PRIMARY KEY,
    runner_id INTEGER REFERENCES runner (id) ON DELETE SET NULL,
    epoch INTEGER NOT NULL,
    since TEXT NOT NULL
  );
  CREATE TABLE worker_group (
    runner_id INTEGER NOT NULL REFERENCES runner (id) ON DELETE CASCADE,
    pgid INTEGER NOT NULL, start_ticks INTEGER NOT NULL,
    PRIMARY KEY (runner_id, pgid)
  );
  CREATE TABLE file_digest (file TEXT PRIMARY KEY, stamp TEXT NOT NULL, digest TEXT NOT NULL, sum TEXT NOT NULL);
  `,
];

export const statePlan = (stateDir: string): DatabasePlan => ({
  folder: join(stateDir, 'database'),
  file: 'state.db',
  synchronous: 'FULL',
  migrations: MIGRATIONS,
  check: true,
});

export interface OpenStateOptions {
  /** Tells the network file system a folder is on; only tests give their own. */
  readonly networkFileSystem?: (folder: string) => string | undefined;
}

/**
 * Opens the state database in `stateDir`, made when it is missing and replaced when it is damaged. Throws ERR_STATE for a network file
 * system or a database of a newer version, ERR_NOT_WRITABLE, ERR_DISK_FULL.
 */
export function openState(stateDir: string, options: OpenStateOptions = {}): State {
  const plan = statePlan(stateDir);
  try {
    mkdirSync(stateDir, { recursive: true });
    const network = (options.networkFileSystem ?? networkFileSystemOf)(stateDir);
    if (network !== undefined) throw onNetwork(stateDir, network);
    const { db, movedAside } = openDatabase(plan);
    const close = (): void => void db.close();
    const write = <T>(work: () => T): T => onDiskSync({ folder: stateDir }, () => db.transaction(work).immediate());
    const jot = <T>(work: () => T): T => {
      // Nothing else runs on this connection meanwhile: everything here is synchronous.
      db.pragma('synchronous = NORMAL');
      try {
        return write(work);
      } finally {
        db.pragma('synchronous = FULL');
      }
    };
    return { db, movedAside, close, write, jot, [Symbol.dispose]: close };
  } catch (error) {
    if (error instanceof NewerDatabase) throw writtenByNewer(plan.folder, error);
    throw diskFailure(error, { folder: stateDir });
  }
}

const onNetwork = (stateDir: string, network: string): Failure =>
  new Failure('ERR_STATE', `The state folder ${stateDir} is on a network file system.`, {
    why: `It is on ${network}, where the locks of SQLite cannot be relied on. Objects, records and models may stay there.`,
    safe: 'Nothing was changed.',
    fix: ['export BABELREEL_ROOTS_STATE="$HOME/.local/state/babelreel"'],
  });

const writtenByNewer = (folder: string, cause: Error): Failure =>
  new Failure('ERR_STATE', 'The state database was written by a newer babelreel.', {
    why: `This version does not know its form (${cause.message}). It holds only leases and remembered digests.`,
    safe: 'Records and objects are not in it. Without it no stage runs again; files are hashed once more.',
    fix: [`mv ${quoted(folder)} ${quoted(`${folder}.newer`)}`],
    cause,
  });
