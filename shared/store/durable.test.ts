import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../../tests/helpers/store-samples.ts';
import { fsyncDirectory, publishExclusively, writeFileDurably } from './durable.ts';

const refuseLinks = () => Promise.reject(Object.assign(new Error('no links here'), { code: 'EPERM' }));

test('a durable write replaces the file and leaves nothing beside it', async () => {
  using dir = temporaryFolder();
  const path = dir.file('job.json', 'old');
  expect(await writeFileDurably(path, 'new')).toBe('full');
  expect(readFileSync(path, 'utf8')).toBe('new');
  expect(readdirSync(dir.path)).toEqual(['job.json']);
});

test('a durable write that cannot take the name keeps the old content and cleans up', async () => {
  using dir = temporaryFolder();
  mkdirSync(dir.at('job.json'));
  await expect(writeFileDurably(dir.at('job.json'), 'new')).rejects.toThrow();
  expect(readdirSync(dir.path)).toEqual(['job.json']);
});

test('a folder that is not there is named as it is, not as a full disk', async () => {
  using dir = temporaryFolder();
  await expect(writeFileDurably(dir.at('none', 'x'), 'new')).rejects.toMatchObject({ code: 'ENOENT' });
});

test('of two that publish one name the first wins, and both temporary files are gone', async () => {
  using dir = temporaryFolder();
  const [mine, theirs] = [dir.file('mine', 'mine'), dir.file('theirs', 'theirs')];
  expect(await publishExclusively(theirs, dir.at('final'))).toEqual({ outcome: 'published', durability: 'full' });
  expect((await publishExclusively(mine, dir.at('final'))).outcome).toBe('exists');
  expect(readFileSync(dir.at('final'), 'utf8')).toBe('theirs');
  expect(readdirSync(dir.path)).toEqual(['final']);
});

test('without hard links the first still wins, and the durability is said to be reduced', async () => {
  using dir = temporaryFolder();
  const first = await publishExclusively(dir.file('a', 'first'), dir.at('final'), refuseLinks);
  expect(first).toEqual({ outcome: 'published', durability: 'reduced' });
  const second = await publishExclusively(dir.file('b', 'second'), dir.at('final'), refuseLinks);
  expect(second.outcome).toBe('exists');
  expect(readFileSync(dir.at('final'), 'utf8')).toBe('first');
  expect(readdirSync(dir.path)).toEqual(['final']);
});

test('a file system that cannot sync folders gives reduced durability, not an error', async () => {
  // Folders of /proc answer fsync with EINVAL, as some FUSE file systems do.
  expect(await fsyncDirectory('/proc/self/task')).toBe('reduced');
  using dir = temporaryFolder();
  writeFileSync(dir.at('x'), '');
  expect(await fsyncDirectory(dir.path)).toBe('full');
});
