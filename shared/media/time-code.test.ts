import fc from 'fast-check';
import { expect, it } from 'vitest';
import { formatTimeCode, parseTimeCode } from './time-code.ts';

it.each([
  ['1:02:03.5', 3_723_500],
  ['2:03', 123_000],
  ['90', 90_000],
  ['90.25', 90_250],
  ['90s', 90_000],
  ['1m30s', 90_000],
  ['1h', 3_600_000],
  ['1h2m3.004s', 3_723_004],
  ['250ms', 250],
  ['90:00', 5_400_000],
  [' 0 ', 0],
])('%s is read as a time', (text, ms) => {
  expect(parseTimeCode(text)).toBe(ms);
});

it.each(['', 'soon', '-5', '1:60', '1:60:00', '1:2:3:4', '5s3m', '1e3', 'NaN', '1,5', ':30', '0x10'])(
  '%j is no time',
  (text) => {
    expect(() => parseTimeCode(text)).toThrow(expect.objectContaining({ code: 'ERR_USAGE' }));
  },
);

it('what is written can be read again', () => {
  expect(formatTimeCode(3_723_500)).toBe('01:02:03.500');
  expect(formatTimeCode(-1)).toBe('-00:00:00.001');
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 400 * 3_600_000 }), (ms) => {
      expect(parseTimeCode(formatTimeCode(ms))).toBe(ms);
    }),
  );
});
