import fc from 'fast-check';
import { expect, test } from 'vitest';
import { detectionWindows } from './detection-windows.ts';

const FRAME_BYTES = 1024;

test('windows cover every frame once, each with the same lead of sound before it', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 60_000_000 }), (bytes) => {
      let covered = 0;
      for (const { offsetBytes, lengthBytes, leadFrames } of detectionWindows(bytes)) {
        expect(leadFrames).toBe(covered === 0 ? 0 : 256);
        expect(offsetBytes + leadFrames * FRAME_BYTES).toBe(covered);
        covered = offsetBytes + lengthBytes;
      }
      expect(covered).toBe(bytes - (bytes % 2));
    }),
  );
});

test('where the windows lie does not depend on how long the film goes on', () => {
  const short = [...detectionWindows(20_000_000)];
  expect([...detectionWindows(30_000_000)].slice(0, short.length - 1)).toEqual(short.slice(0, -1));
});
