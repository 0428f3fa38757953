import { expect, test } from 'vitest';
import { parseRange } from './parse-range.ts';

test.each([
  ['bytes=0-0', { from: 0, end: 1 }],
  ['bytes=3-9', { from: 3, end: 10 }],
  ['bytes=3-', { from: 3, end: 100 }],
  ['bytes=3-1000', { from: 3, end: 100 }],
  ['bytes=-10', { from: 90, end: 100 }],
  ['bytes=-1000', { from: 0, end: 100 }],
])('%s asks for a part', (header, range) => expect(parseRange(header, 100)).toEqual(range));

test.each(['bytes=100-', 'bytes=500-600', 'bytes=-0'])('%s asks for what is not there', (header) =>
  expect(parseRange(header, 100)).toBe('unsatisfiable'),
);

test.each([undefined, '', 'bytes=-', 'bytes=9-3', 'bytes=0-1,5-6', 'lines=0-1', 'bytes=a-b'])(
  '%s is answered with the whole file',
  (header) => expect(parseRange(header, 100)).toBeUndefined(),
);
