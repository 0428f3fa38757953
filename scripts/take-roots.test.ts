import { expect, test } from 'vitest';
import { takeRoots } from './take-roots.ts';

test('roots are taken out of the arguments wherever they stand', () => {
  const taken = takeRoots(['--root', 'out=/a=b', 'run-pipeline', '--root=state=/c', '-j', 'x']);
  expect(taken.args).toEqual(['run-pipeline', '-j', 'x']);
  expect(taken.env).toEqual({ BABELREEL_ROOTS_OUT: '/a=b', BABELREEL_ROOTS_STATE: '/c' });
});

test('a root that does not exist is refused with the nearest name', () => {
  expect(() => takeRoots(['--root', 'oot=/x'])).toThrow(/Did you mean out\?/);
  expect(() => takeRoots(['--root', 'out='])).toThrow(/NAME=PATH/);
  expect(() => takeRoots(['--root'])).toThrow(/NAME=PATH/);
});

test('a folder of models is left to the command that takes one', () => {
  const given = ['models', 'audit', '--root', '/mnt/a=b', '--root=./c', '--root', 'state=/s'];
  expect(takeRoots(given).args).toEqual(['models', 'audit', '--root', '/mnt/a=b', '--root', './c']);
  expect(takeRoots(given).env).toEqual({ BABELREEL_ROOTS_STATE: '/s' });
  expect(() => takeRoots(['models', 'audit', '--root', 'stat=/s'])).toThrow(/Did you mean state\?/);
  expect(() => takeRoots(['run-pipeline', '--root', '/mnt'])).toThrow(/NAME=PATH/);
});
