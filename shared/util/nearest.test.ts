import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { didYouMean, editDistance, nearest } from './nearest.ts';

describe('the distance of two words', () => {
  it.each([
    ['', '', 0],
    ['', 'abc', 3],
    ['kitten', 'sitting', 3],
    ['vda', 'vad', 1],
    ['flaw', 'lawn', 2],
  ])('%s to %s is %i', (a, b, distance) => expect(editDistance(a, b)).toBe(distance));

  it('is the same both ways, nought only for the same word, and never more than the longer word', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 12 }), fc.string({ maxLength: 12 }), (a, b) => {
        const distance = editDistance(a, b);
        expect(distance).toBe(editDistance(b, a));
        expect(distance === 0).toBe(a === b);
        expect(distance).toBeLessThanOrEqual(Math.max(a.length, b.length));
        expect(distance).toBeGreaterThanOrEqual(Math.abs(a.length - b.length));
      }),
    );
  });

  it('is one for one letter that is missing, added, another, or changed places with its neighbour', () => {
    const word = fc.string({ minLength: 2, maxLength: 12 });
    fc.assert(
      fc.property(word, fc.nat(), (text, seed) => {
        const at = seed % (text.length - 1);
        const without = text.slice(0, at) + text.slice(at + 1);
        const swapped = text.slice(0, at) + text[at + 1] + text[at] + text.slice(at + 2);
        expect(editDistance(text, without)).toBe(1);
        expect(editDistance(text, `${text.slice(0, at)}\u0001${text.slice(at)}`)).toBe(1);
        expect(editDistance(text, swapped)).toBe(swapped === text ? 0 : 1);
      }),
    );
  });
});

describe('a suggestion', () => {
  const flags = ['media', 'workflow', 'source', 'target', 'commercial'];

  it('is the word that was most likely meant, whatever its case', () => {
    expect(nearest('comercial', flags)).toBe('commercial');
    expect(nearest('MEDAI', flags)).toBe('media');
    expect(didYouMean('workflw', flags)).toBe(' Did you mean workflow?');
  });

  it('is not made when nothing is near', () => {
    expect(nearest('frobnicate', flags)).toBeUndefined();
    expect(nearest('x', [])).toBeUndefined();
    expect(didYouMean('zz', flags)).toBe('');
  });
});
