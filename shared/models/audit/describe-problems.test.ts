import { expect, test } from 'vitest';
import type { FileLook } from '../../contract/model-audit.ts';
import { kindOfFile } from '../registry/kind-of-file.ts';
import { describeProblems } from './describe-problems.ts';

const look = (model: string, path: string, more: Partial<FileLook> = {}): FileLook => ({
  model,
  path,
  kind: kindOfFile(path),
  state: 'missing',
  at: `/${path}`,
  bytes: 1000,
  foundBytes: null,
  ...more,
});
const shard = (n: number): FileLook => look('a', `w-0000${n}-of-00009.safetensors`);
const say = (problems: readonly FileLook[], counts: Readonly<Record<string, number>> = {}): string =>
  describeProblems({ id: 'a', problems, counts: new Map(Object.entries(counts)) });

test('nothing wrong has no words', () => {
  expect(say([])).toBe('');
});

test('a part of another model is said to be that one’s, and who needs it', () => {
  expect(say([look('support.wav2vec', 'tokenizer.json')])).toBe('tokenizer of support.wav2vec missing; needed by a');
});

test('shards are numbered in ranges, weights named, other kinds said once', () => {
  const some = [1, 2, 3, 5, 7, 8].map(shard);
  const others = ['t5.pth', 'w.safetensors.index.json', 'config.json', 'tok/vocab.json', 'tok/merges.txt'];
  expect(say([...some, ...others.map((path) => look('a', path))])).toBe(
    'weights (shards 1–3, 5, 7–8 of 9, t5.pth), index, config and tokenizer (vocab.json, merges.txt) missing',
  );
});

test('many files of a kind are counted, with their folder where they have one', () => {
  const many = ['a', 'b', 'c', 'd'].map((name) => look('a', `umt5/vocab-${name}.json`));
  expect(say(many)).toBe('4 tokenizer files in umt5 missing');
});

test('a model of which nothing is there is said so with its size', () => {
  expect(say([look('b', 'model.bin'), look('b', 'config.json')], { b: 2 })).toBe(
    'all of b missing: 2 files (weights, config), 2,000 bytes; needed by a',
  );
});

test('a wrong size has its figures, and what is missing comes before what is wrong', () => {
  const cut = look('a', 'model.bin', { state: 'truncated', foundBytes: 12 });
  expect(say([cut, look('a', 'config.json')], { a: 3 })).toBe(
    'config missing; weights (model.bin) truncated, 12 of 1,000 bytes',
  );
});
