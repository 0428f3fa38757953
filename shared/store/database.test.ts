import { existsSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../../tests/helpers/store-samples.ts';
import { openState, statePlan } from './database.ts';
import { openDatabase } from './open-database.ts';

const remember = (state: ReturnType<typeof openState>, file: string) =>
  state.write(() => state.db.prepare("INSERT INTO file_digest VALUES (?, '', '', '')").run(file));
const countOf = (state: ReturnType<typeof openState>): number =>
  (state.db.prepare('SELECT count(*) AS n FROM file_digest').get() as { n: number }).n;

test('what was written is there at the next opening, and every commit waits for the disk', () => {
  using dir = temporaryFolder();
  {
    using state = openState(dir.at('state'));
    remember(state, 'a');
    expect(state.db.pragma('synchronous', { simple: true })).toBe(2);
    expect(state.db.pragma('journal_mode', { simple: true })).toBe('wal');
    expect(state.db.pragma('foreign_keys', { simple: true })).toBe(1);
    expect(state.db.pragma('trusted_schema', { simple: true })).toBe(0);
    state.jot(() => expect(state.db.pragma('synchronous', { simple: true })).toBe(1));
    expect(state.db.pragma('synchronous', { simple: true })).toBe(2);
  }
  using state = openState(dir.at('state'));
  expect(countOf(state)).toBe(1);
});

test('work that throws leaves nothing in the database', () => {
  using dir = temporaryFolder();
  using state = openState(dir.at('state'));
  const failing = () =>
    state.write(() => {
      state.db.prepare("INSERT INTO file_digest VALUES ('a', '', '', '')").run();
      throw new Error('stop');
    });
  expect(failing).toThrow('stop');
  expect(countOf(state)).toBe(0);
});

test.each([
  ['deleted', rmSync],
  ['emptied', (path: string) => truncateSync(path, 0)],
  ['cut in half', (path: string) => truncateSync(path, Math.floor(readFileSync(path).length / 2))],
  [
    'overwritten in the middle',
    (path: string) => {
      const bytes = readFileSync(path);
      bytes.fill(0xaa, 4096, 3 * 4096);
      writeFileSync(path, bytes);
    },
  ],
  ['replaced by text', (path: string) => writeFileSync(path, 'this is no database\n'.repeat(500))],
])('a database that was %s is made anew', (how, spoil) => {
  using dir = temporaryFolder();
  const { folder, file } = statePlan(dir.at('state'));
  {
    using state = openState(dir.at('state'));
    remember(state, 'a');
  }
  spoil(join(folder, file));
  using state = openState(dir.at('state'));
  expect(countOf(state)).toBe(0);
  remember(state, 'b');
  expect(countOf(state)).toBe(1);
  const keptForALook = how !== 'deleted' && how !== 'emptied';
  expect(state.movedAside !== undefined && existsSync(state.movedAside)).toBe(keptForALook);
});

test('a database of a newer version is left alone, and the message has the command that helps', () => {
  using dir = temporaryFolder();
  const plan = statePlan(dir.at('state'));
  openDatabase({ ...plan, migrations: [...plan.migrations, 'CREATE TABLE later (x)'] }).db.close();
  const before = readFileSync(join(plan.folder, plan.file));
  expect(() => openState(dir.at('state'))).toThrowError(
    expect.objectContaining({
      code: 'ERR_STATE',
      details: expect.objectContaining({ fix: [`mv ${plan.folder} ${plan.folder}.newer`] }),
    }),
  );
  expect(readFileSync(join(plan.folder, plan.file))).toEqual(before);
});

test('a migration keeps what was there and leaves a copy of the version before', () => {
  using dir = temporaryFolder();
  const plan = statePlan(dir.at('state'));
  {
    using state = openState(dir.at('state'));
    remember(state, 'a');
  }
  const next = { ...plan, migrations: [...plan.migrations, 'ALTER TABLE file_digest ADD COLUMN note TEXT'] };
  const { db } = openDatabase(next);
  expect(db.prepare('SELECT file, note FROM file_digest').all()).toEqual([{ file: 'a', note: null }]);
  db.close();
  const copy = openDatabase({ ...plan, file: `${plan.file}.v1` }).db;
  expect(copy.prepare('SELECT file FROM file_digest').all()).toEqual([{ file: 'a' }]);
  copy.close();
});

test('a migration that fails leaves the version before as it was', () => {
  using dir = temporaryFolder();
  const plan = statePlan(dir.at('state'));
  openState(dir.at('state')).close();
  const migrations = [...plan.migrations, 'CREATE TABLE extra (x); CREATE TABLE lease (x)'];
  expect(() => openDatabase({ ...plan, migrations })).toThrow('already exists');
  using state = openState(dir.at('state'));
  expect(state.db.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'extra'").get()).toBeUndefined();
});

test('a network file system is refused by name before anything is written', () => {
  using dir = temporaryFolder();
  const open = () => openState(dir.at('state'), { networkFileSystem: () => 'nfs' });
  expect(open).toThrowError(expect.objectContaining({ code: 'ERR_STATE' }));
  expect(existsSync(statePlan(dir.at('state')).folder)).toBe(false);
});

test('a state folder that cannot be made is ERR_NOT_WRITABLE', () => {
  // Nobody makes folders here, root neither.
  const open = () => openState('/sys/kernel/babelreel-state');
  expect(open).toThrowError(expect.objectContaining({ code: 'ERR_NOT_WRITABLE' }));
});
