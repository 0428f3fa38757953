import { describe, expect, test } from 'vitest';
import { endsSentence } from './ends-sentence.ts';

const ends = (text: string, gapMs = 0): boolean => {
  const [word = '', next = ''] = text.split(' ');
  return endsSentence(word, next, gapMs);
};

describe('a sentence ends', () => {
  test.each([
    'times. It',
    'there? Yes',
    'Stop! Now',
    'well… Then',
    'said." She',
    'gone.) "What',
    '1995. The',
    'I. You',
    'No. He',
    '好。 我',
    'done... Next',
  ])('between the words of %j', (text) => {
    expect(ends(text)).toBe(true);
  });

  test.each([
    'Mr. Brown',
    'Dr. Who',
    'times, It',
    'J. Smith',
    'Really?" he',
    'approx. five',
    'No. 5',
    'U.S. Army',
    '3.14 is',
    'the best',
    'St. Mary',
  ])('but not between the words of %j', (text) => {
    expect(ends(text)).toBe(false);
  });

  test('behind initials only when the speaker breathes there', () => {
    expect(ends('U.S. The', 500)).toBe(true);
    expect(ends('U.S. The', 100)).toBe(false);
  });
});
