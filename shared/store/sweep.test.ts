import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, utimesSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../../tests/helpers/store-samples.ts';
import { isAbandoned, ownedName } from './owned-name.ts';
import { sweepFolders } from './sweep.ts';

/** A name made by a process that has ended. */
const nameOfTheDead = (label: string): string => {
  const code = `import { ownedName } from ${JSON.stringify(resolve(import.meta.dirname, 'owned-name.ts'))}; process.stdout.write(ownedName(${JSON.stringify(label)}));`;
  return execFileSync(process.execPath, ['--input-type=module', '-e', code], { encoding: 'utf8' });
};

test('names are unique, short enough for a socket below them, and tell their living maker', () => {
  const [a, b] = [ownedName('asr'), ownedName('asr')];
  expect(a).not.toBe(b);
  expect(a.length).toBeLessThan(50);
  expect(isAbandoned(a, 1e12)).toBe(false);
});

test('what a dead process left is removed; what lives, is foreign and young, or has another name stays', async () => {
  using dir = temporaryFolder();
  const dead = nameOfTheDead('stage');
  mkdirSync(dir.at(dead));
  dir.file(`${dead}/part`, 'x');
  const alive = ownedName('stage');
  const foreign = alive.replace(/~\w{6}-\w{6}/, '~000000-000000');
  const oldForeign = `${foreign}9`;
  for (const name of [alive, foreign, oldForeign, 'notes.txt']) dir.file(name, 'x');
  const longAgo = Date.now() / 1000 - 8 * 24 * 3600;
  utimesSync(dir.at(oldForeign), longAgo, longAgo);
  utimesSync(dir.at('notes.txt'), longAgo, longAgo);

  const removed = await sweepFolders([dir.path, dir.at('no-such-folder')]);
  expect([...removed].sort()).toEqual([dir.at(dead), dir.at(oldForeign)].sort());
  expect([alive, foreign, 'notes.txt'].every((name) => existsSync(dir.at(name)))).toBe(true);
  expect(existsSync(dir.at(dead))).toBe(false);
});
