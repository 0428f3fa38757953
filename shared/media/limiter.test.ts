import { describe, expect, it } from 'vitest';
import { LIMITER_SUPPORT, limitPeaks } from './limiter.ts';
import { truePeak } from './true-peak.ts';

const breathe = (): Promise<void> => Promise.resolve();

/** Noise of low tones with a burst far above full scale in the middle. */
function loudSound(length: number, offset = 0): Float32Array {
  return Float32Array.from({ length }, (_, index) => {
    const at = index + offset;
    const burst = at > 20_000 && at < 21_000 ? 3 : 0.3;
    return burst * Math.sin(at / 9) * Math.cos(at / 71);
  });
}

describe('limiter', () => {
  it('keeps every true peak at or below the ceiling', async () => {
    const sound = loudSound(48_000);
    await limitPeaks([sound], 0.5, breathe);
    expect(truePeak(sound, { from: 0, to: sound.length, limit: 0.5 })).toBeLessThanOrEqual(0.5 * 1.001);
  });

  it('does not touch what is further from a peak than its reach', async () => {
    const [before, after] = [loudSound(48_000), loudSound(48_000)];
    const turnedDown = await limitPeaks([after], 0.5, breathe);
    expect(after.subarray(0, 20_000 - LIMITER_SUPPORT)).toEqual(before.subarray(0, 20_000 - LIMITER_SUPPORT));
    expect(after.subarray(21_000 + LIMITER_SUPPORT)).toEqual(before.subarray(21_000 + LIMITER_SUPPORT));
    expect(turnedDown).toBeGreaterThan(900);
  });

  it('turns both channels down together, so that the picture of the room does not move', async () => {
    const [left, right] = [loudSound(48_000), loudSound(48_000).map((value) => value * 0.25)];
    await limitPeaks([left, right], 0.5, breathe);
    for (let at = 19_000; at < 22_000; at += 1) expect(right[at]).toBeCloseTo(0.25 * (left[at] ?? 0), 5);
  });

  it('gives the same samples whether a sound is limited whole or in a block with its reach around', async () => {
    const whole = loudSound(48_000);
    await limitPeaks([whole], 0.5, breathe);
    const start = 20_160;
    const block = loudSound(4_800, start);
    await limitPeaks([block], 0.5, breathe);
    const inside = block.subarray(LIMITER_SUPPORT, 4_800 - LIMITER_SUPPORT);
    expect(inside).toEqual(whole.subarray(start + LIMITER_SUPPORT, start + 4_800 - LIMITER_SUPPORT));
  });
});

describe('true peak', () => {
  it('sees the peak between the samples of a tone at a quarter of the sample rate', () => {
    const tone = Float32Array.from({ length: 4800 }, (_, at) => Math.sin((Math.PI / 2) * at + Math.PI / 4));
    expect(Math.max(...tone)).toBeCloseTo(Math.SQRT1_2, 5);
    expect(truePeak(tone, { from: 100, to: 4700, limit: 1 })).toBeCloseTo(1, 1);
  });
});
