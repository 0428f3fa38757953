import { expect, test } from 'vitest';
import { clipRegion } from './clip-region.ts';

const region = { startMs: 1000, endMs: 2000 };

test('a region is cut to the clip, and left out when they do not meet', () => {
  expect(clipRegion(region, null, null)).toEqual(region);
  expect(clipRegion(region, 1200, 1500)).toEqual({ startMs: 1200, endMs: 1500 });
  expect(clipRegion(region, 0, 1500)).toEqual({ startMs: 1000, endMs: 1500 });
  expect(clipRegion(region, 2000, null)).toBeUndefined();
  expect(clipRegion(region, null, 1000)).toBeUndefined();
});
