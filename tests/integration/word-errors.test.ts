import { expect, test } from 'vitest';
import { spokenWords, wordErrors } from '../helpers/word-errors.ts';

test('words are compared without case, signs and kinds of apostrophe', () => {
  expect(spokenWords('It’s the BEST-of times, no?')).toEqual(["it's", 'the', 'best', 'of', 'times', 'no']);
  expect(wordErrors('It’s the best, of times!', "it's The best of times").errors).toBe(0);
});

test('a wrong, a missing and an extra word are one error each', () => {
  expect(wordErrors('one two three four', 'one too three four')).toEqual({ words: 4, errors: 1, rate: 0.25 });
  expect(wordErrors('one two three four', 'one three four').errors).toBe(1);
  expect(wordErrors('one two three four', 'one two three and four').errors).toBe(1);
  expect(wordErrors('one two three four', 'one too four five').errors).toBe(3);
  expect(wordErrors('one two', '').rate).toBe(1);
});
