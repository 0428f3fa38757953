import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type Database from 'better-sqlite3';
import { errorCode, onDiskSync } from './disk-failure.ts';
import { type DatabasePlan, isDamage, moveAside, openDatabase } from './open-database.ts';

export interface AnswerRow {
  readonly reply: string;
  readonly objects: string;
  readonly sum: string;
}

interface Statements {
  readonly find: Database.Statement<[string], AnswerRow>;
  /** key, reply, objects, sum, role, engine, created at (ms) */
  readonly keep: Database.Statement<[string, string, string, string, string, string, number]>;
  /** Every answer whose objects name this digest. Reads the whole table; for damage only. */
  readonly dropNaming: Database.Statement<[string]>;
}

/** The database of the task memo. */
export interface Answers {
  /** Runs statements; undefined when there is no database to read. A damaged one is replaced by an empty one on the way. */
  run<T>(work: (statements: Statements) => T): T | undefined;
  close(): void;
}

export interface AnswerOptions {
  /** Nothing is made, written or moved aside; without a database every question is a miss. */
  readonly readonly?: boolean;
}

/**
 * The version is in the folder's name: an older and a newer babelreel keep apart, and there is nothing to migrate. A damaged row is found
 * by its sum, so commits need not be synced and opening need not read the whole file.
 */
const planFor = (dir: string): DatabasePlan => ({
  folder: join(dir, 'answers-1'),
  file: 'answers.db',
  synchronous: 'NORMAL',
  check: false,
  migrations: [
    `CREATE TABLE answer (
      key TEXT PRIMARY KEY, reply TEXT NOT NULL, objects TEXT NOT NULL, sum TEXT NOT NULL,
      role TEXT NOT NULL, engine TEXT NOT NULL, created_at_ms INTEGER NOT NULL
    )`,
  ],
});

/** Opens the answers in `dir`, made when they are missing. Throws ERR_DISK_FULL, ERR_NOT_WRITABLE unless `readonly`. */
export const openAnswers = (dir: string, options: AnswerOptions): Answers =>
  options.readonly === true ? openReading(planFor(dir)) : openWriting(planFor(dir));

const prepare = (db: Database.Database): Statements => ({
  find: db.prepare('SELECT reply, objects, sum FROM answer WHERE key = ?'),
  keep: db.prepare('INSERT OR REPLACE INTO answer VALUES (?, ?, ?, ?, ?, ?, ?)'),
  dropNaming: db.prepare('DELETE FROM answer WHERE instr(objects, ?) > 0'),
});

function openWriting(plan: DatabasePlan): Answers {
  const open = () =>
    onDiskSync({ folder: plan.folder }, () => {
      const { db } = openDatabase(plan);
      return { db, statements: prepare(db), inode: inodeOf(plan) };
    });
  let current = open();
  return {
    run(work) {
      for (let attempt = 1; ; attempt += 1) {
        try {
          return work(current.statements);
        } catch (error) {
          if (attempt > 2 || !(isDamage(error) || errorCode(error) === 'SQLITE_READONLY_DBMOVED')) throw error;
          current.db.close();
          moveAside(plan, current.inode);
          current = open();
        }
      }
    },
    close: () => void current.db.close(),
  };
}

function openReading(plan: DatabasePlan): Answers {
  const nothing: Answers = { run: () => undefined, close: () => {} };
  if (!existsSync(join(plan.folder, plan.file))) return nothing;
  try {
    const { db } = openDatabase({ ...plan, readonly: true });
    const statements = prepare(db);
    return {
      run: (work) => orNothing(() => work(statements)),
      close: () => void db.close(),
    };
  } catch {
    return nothing;
  }
}

function orNothing<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (errorCode(error).startsWith('SQLITE_')) return undefined;
    throw error;
  }
}

const inodeOf = (plan: DatabasePlan): number | undefined =>
  statSync(join(plan.folder, plan.file), { throwIfNoEntry: false })?.ino;
