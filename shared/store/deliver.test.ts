import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../../tests/helpers/store-samples.ts';
import { deliver } from './deliver.ts';

test('a deliverable is a writable copy: editing it does not touch the object', async () => {
  using dir = temporaryFolder();
  const from = dir.file('object', 'subtitles');
  chmodSync(from, 0o444);
  mkdirSync(dir.at('out'));
  const identity = await deliver({ from, to: dir.at('out', 'movie.srt') });
  const stat = statSync(dir.at('out', 'movie.srt'), { bigint: true });
  expect(identity).toEqual({
    bytes: 9,
    mtimeNs: String(stat.mtimeNs),
    ctimeNs: String(stat.ctimeNs),
    ino: String(stat.ino),
  });
  expect(Number(stat.mode) & 0o777).toBe(0o644);
  writeFileSync(dir.at('out', 'movie.srt'), 'edited');
  expect(readFileSync(from, 'utf8')).toBe('subtitles');
  expect(readdirSync(dir.at('out'))).toEqual(['movie.srt']);
});

test('a new version replaces the old one, and a link in the place of the part is not followed', async () => {
  using dir = temporaryFolder();
  const to = dir.file('movie.srt', 'old');
  symlinkSync(dir.file('film', 'film'), dir.at('.movie.srt.part'));
  await deliver({ from: dir.file('object', 'new'), to });
  expect(readFileSync(to, 'utf8')).toBe('new');
  expect(readFileSync(dir.at('film'), 'utf8')).toBe('film');
  expect(readdirSync(dir.path).sort()).toEqual(['film', 'movie.srt', 'object']);
});

test('when the name cannot be taken the part is removed', async () => {
  using dir = temporaryFolder();
  mkdirSync(dir.at('movie.srt', 'inside'), { recursive: true });
  await expect(deliver({ from: dir.file('object', 'new'), to: dir.at('movie.srt') })).rejects.toThrow();
  expect(readdirSync(dir.path).sort()).toEqual(['movie.srt', 'object']);
});
