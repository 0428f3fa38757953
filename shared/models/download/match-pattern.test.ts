import { expect, test } from 'vitest';
import { matchesPattern } from './match-pattern.ts';

test.for<readonly [string, string, boolean]>([
  ['model.bin', '*.bin', true],
  ['sub/model.bin', '*.bin', false],
  ['sub/model.bin', '**/*.bin', true],
  ['a/b/c.json', 'a/**', true],
  ['a/b/c.json', 'a/*', false],
  ['a.b', 'a?b', false],
  ['axb', 'a.b', false],
  ['README.md', 'README', false],
])('%s under %s: %s', ([path, pattern, matches]) => {
  expect(matchesPattern(path, pattern)).toBe(matches);
});
