import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson } from './canonical-json.ts';
import { digestOf, digestOfJson, fingerprintOf, sha256Hex } from './digest.ts';

/** The same value with the members of every object in another order. */
function shuffled(value: unknown, random: () => number): unknown {
  if (Array.isArray(value)) return value.map((member) => shuffled(member, random));
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value)
    .map(([key, member]) => ({ at: random(), key, member: shuffled(member, random) }))
    .sort((a, b) => a.at - b.at);
  const result: Record<string, unknown> = Object.create(null);
  for (const { key, member } of members) result[key] = member;
  return result;
}

describe('canonical JSON', () => {
  it('does not depend on the order of keys, at any depth', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })), (value, numbers) => {
        const random = (): number => numbers.next().value as number;
        expect(canonicalJson(shuffled(value, random))).toBe(canonicalJson(value));
      }),
    );
  });

  it('is JSON of the same value, without a space', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
    expect(canonicalJson({ b: [1, { d: null, c: 'x y' }], a: true })).toBe('{"a":true,"b":[1,{"c":"x y","d":null}]}');
  });

  it('sorts keys by code unit, not by a locale', () => {
    expect(canonicalJson({ ä: 1, b: 2, Z: 3, a: 4, 10: 5, 9: 6 })).toBe('{"10":5,"9":6,"Z":3,"a":4,"b":2,"ä":1}');
  });

  it('leaves out members that are undefined, so that an absent and an undefined one are the same', () => {
    expect(canonicalJson({ a: undefined, b: 1 })).toBe(canonicalJson({ b: 1 }));
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, undefined, () => 1, 1n, Symbol('x')])(
    'refuses what JSON cannot carry instead of making a key of half a value: %s',
    (value) => {
      expect(() => canonicalJson(value)).toThrow(TypeError);
      expect(() => canonicalJson({ deep: [value] })).toThrow(TypeError);
    },
  );
});

describe('a digest', () => {
  it('is the sha256 of the bytes', () => {
    // The empty string and "abc" are the examples of FIPS 180-4.
    expect(sha256Hex('')).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
    expect(digestOf('abc')).toBe('sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
    expect(digestOf(new Uint8Array([0x61, 0x62, 0x63]))).toBe(digestOf('abc'));
  });

  it('of a value is that of its canonical JSON', () => {
    expect(digestOfJson({ b: 1, a: 2 })).toBe(digestOf('{"a":2,"b":1}'));
    expect(fingerprintOf({ b: 1, a: 2 })).toBe(sha256Hex('{"a":2,"b":1}'));
  });
});
