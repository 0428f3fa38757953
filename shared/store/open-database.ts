import { existsSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { errorCode } from './disk-failure.ts';
import { ownedName } from './owned-name.ts';

export interface DatabasePlan {
  /** A folder for this database alone, so that file, log and index of a damaged one move aside in one rename. */
  readonly folder: string;
  readonly file: string;
  /** FULL: a commit survives a power cut. NORMAL: the newest commits may be lost, nothing is damaged. */
  readonly synchronous: 'FULL' | 'NORMAL';
  /** Statements that lead from version n to n + 1; only ever appended to. */
  readonly migrations: readonly string[];
  /** Reads the whole file when opening. For small databases whose rows nothing else checks. */
  readonly check: boolean;
  /** Nothing is made or written; the file must exist and be of the newest version. */
  readonly readonly?: boolean;
}

export interface OpenedDatabase {
  readonly db: Database.Database;
  /** Folder of a damaged database that was moved aside; the newest one is kept for a look. */
  readonly movedAside: string | undefined;
}

/** The database was written by a newer version of this program. */
export class NewerDatabase extends Error {}

/** Five seconds of waiting for another process's commit per statement; opening tries six times. */
const BUSY_MS = 5_000;
const OPEN_TRIES = 6;

/** True for errors of SQLite that mean damaged content. */
export const isDamage = (error: unknown): boolean =>
  errorCode(error).startsWith('SQLITE_CORRUPT') || errorCode(error) === 'SQLITE_NOTADB';

/** Errors that go away: another process is at its first opening, or is just moving a damaged database aside. */
const isPassing = (error: unknown): boolean => /^SQLITE_(BUSY|CANTOPEN|READONLY_DBMOVED)/.test(errorCode(error));

/** Some of these errors come at once and not after the waiting time; jitter keeps processes from meeting again. */
const pause = (): void => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10 + Math.random() * 40);

/**
 * Opens or makes a database and brings it to the newest version. A damaged one is moved aside and replaced by an empty one, so only what
 * can be rebuilt may be kept in it. Throws NewerDatabase, and errors of SQLite and node:fs as they are.
 */
export function openDatabase(plan: DatabasePlan): OpenedDatabase {
  let movedAside: string | undefined;
  if (plan.readonly === true) return { db: openReadOnly(plan), movedAside };
  for (let attempt = 1; ; attempt += 1) {
    mkdirSync(plan.folder, { recursive: true });
    const path = join(plan.folder, plan.file);
    const before = statSync(path, { throwIfNoEntry: false })?.ino;
    try {
      return { db: open(path, plan), movedAside };
    } catch (error) {
      if (attempt >= OPEN_TRIES) throw error;
      if (isDamage(error)) movedAside = moveAside(plan, before) ?? movedAside;
      else if (!isPassing(error)) throw error;
      pause();
    }
  }
}

/**
 * Moves the folder of a damaged database aside, unless another process has replaced it already (`inode` is no longer that of the file).
 * Returns where it lies now.
 */
export function moveAside(plan: DatabasePlan, inode: number | undefined): string | undefined {
  if (statSync(join(plan.folder, plan.file), { throwIfNoEntry: false })?.ino !== inode) return undefined;
  const aside = `${plan.folder}.damaged`;
  rmSync(aside, { recursive: true, force: true });
  try {
    renameSync(plan.folder, aside);
    return aside;
  } catch (error) {
    // Another process was faster; what it put in place is as good.
    if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTEMPTY' || errorCode(error) === 'EEXIST')
      return undefined;
    throw error;
  }
}

function open(path: string, plan: DatabasePlan): Database.Database {
  const db = new Database(path, { timeout: BUSY_MS });
  try {
    db.pragma('journal_mode = WAL');
    // Set even where it reads so already: in this build a WAL database is opened with NORMAL, whatever the pragma says.
    db.pragma(`synchronous = ${plan.synchronous}`);
    db.pragma('foreign_keys = ON');
    db.pragma('trusted_schema = OFF');
    // 16 MB of log between check points instead of 4: a third fewer syncs while a stage memoises thousands of answers.
    db.pragma('wal_autocheckpoint = 4000');
    db.pragma(`journal_size_limit = ${32 << 20}`);
    if (plan.check && db.pragma('quick_check(1)', { simple: true }) !== 'ok') {
      throw new Database.SqliteError('quick_check failed', 'SQLITE_CORRUPT');
    }
    migrate(db, path, plan.migrations);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

function openReadOnly(plan: DatabasePlan): Database.Database {
  const path = join(plan.folder, plan.file);
  const db = new Database(path, { timeout: BUSY_MS, readonly: true });
  if (versionOf(db) === plan.migrations.length) return db;
  db.close();
  throw new NewerDatabase(`another version of ${path}`);
}

const versionOf = (db: Database.Database): number => db.pragma('user_version', { simple: true }) as number;

/** Forward only, in one transaction, after a copy of what was there. */
function migrate(db: Database.Database, path: string, migrations: readonly string[]): void {
  const version = versionOf(db);
  if (version > migrations.length) throw new NewerDatabase(`version ${version} of ${path}`);
  if (version === migrations.length) return;
  if (version > 0) backUp(db, `${path}.v${version}`);
  db.transaction(() => {
    // Again, under the lock: another process may have done it meanwhile.
    for (let next = versionOf(db); next < migrations.length; next += 1) {
      db.exec(migrations[next] as string);
      db.pragma(`user_version = ${next + 1}`);
    }
  }).immediate();
}

function backUp(db: Database.Database, to: string): void {
  if (existsSync(to)) return;
  const temporary = ownedName(to);
  db.exec(`VACUUM INTO '${temporary.replaceAll("'", "''")}'`);
  renameSync(temporary, to);
}
