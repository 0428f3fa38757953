import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { rattle } from '../../tests/helpers/rattle.ts';
import { quietestPlace } from './quietest-place.ts';
import { soundOf } from './sound.ts';

describe('the quietest place', () => {
  const pcm = rattle([8000, 9000], [4000, 300], [160, 20], [4000, 300], [8000, 9000]);

  test('is the middle of the quietest 10 ms', () => {
    expect(quietestPlace(soundOf(pcm), { from: 8000, to: 16_160 }, 'middle')).toBeCloseTo(12_080, -1.5);
  });

  test('does not move with the edges of the range', () => {
    const place = quietestPlace(soundOf(pcm), { from: 8000, to: 16_160 }, 'middle');
    for (const shift of [-500, -31, 77, 512])
      expect(quietestPlace(soundOf(pcm), { from: 8000 + shift, to: 16_160 + shift }, 'middle')).toBe(place);
  });

  test('in digital silence it is the middle of the silence, also where the range shows only a part of it', () => {
    const silent = soundOf(rattle([8000, 9000], [8000, 0], [8000, 9000]));
    for (const from of [8000, 8100, 9024, 10_000])
      expect(quietestPlace(silent, { from, to: 15_000 }, 'middle')).toBe(12_000);
  });

  test('beside a minute of digital silence it lies 350 ms from the speech, on either side', () => {
    const silent = soundOf(rattle([8000, 9000], [960_000, 0], [8000, 9000]));
    for (const shift of [0, 100, 512]) {
      expect(quietestPlace(silent, { from: 8000 + shift, to: 19_200 + shift }, 'after-speech')).toBe(13_680);
      expect(quietestPlace(silent, { from: 956_800 - shift, to: 968_000 - shift }, 'before-speech')).toBe(962_320);
    }
  });

  test('is inside the range for any range of any sound', () => {
    const pcmOf = fc
      .array(fc.integer({ min: -3, max: 3 }), { maxLength: 900 })
      .map((values) => Int16Array.from(values));
    const leaning = fc.constantFrom('middle', 'after-speech', 'before-speech');
    fc.assert(
      fc.property(pcmOf, fc.nat(900), fc.nat(900), leaning, (samples, a, b, lean) => {
        const [from, to] = [Math.min(a, b, samples.length), Math.min(Math.max(a, b), samples.length)];
        const place = quietestPlace(soundOf(samples), { from, to }, lean);
        expect(place).toBeGreaterThanOrEqual(from);
        expect(place).toBeLessThanOrEqual(to);
      }),
    );
  });
});
