import { describe, expect, it } from 'vitest';
import { DUCK_ATTACK_FRAMES, DUCK_RELEASE_FRAMES, duckEnvelope, findDucks } from './duck.ts';

const clip = (startMs: number, lengthMs: number, lineMs = 0) => ({
  ...{ startMs, lineMs, samples: lengthMs * 16, sampleRateHz: 16_000 },
});

describe('lowering the original', () => {
  it('holds it down for as long as the original line lasts, even under a shorter dub', () => {
    expect(findDucks([clip(1000, 500, 2000)])).toEqual([{ from: 48_000, to: 144_000 }]);
    expect(findDucks([clip(1000, 2500, 2000)])).toEqual([{ from: 48_000, to: 168_000 }]);
  });

  it('stays down between lines that are close, and comes back between others', () => {
    expect(findDucks([clip(0, 1000), clip(1500, 500), clip(4000, 500)])).toEqual([
      { from: 0, to: 96_000 },
      { from: 192_000, to: 216_000 },
    ]);
  });

  it('is done by ramps before and after, without a step anywhere', () => {
    const gains = duckEnvelope(new Float32Array(96_000), [{ from: 40_000, to: 50_000 }], -18);
    expect(gains[40_000 - DUCK_ATTACK_FRAMES]).toBe(1);
    expect(gains[45_000]).toBeCloseTo(10 ** (-18 / 20), 6);
    expect(gains[50_000 + DUCK_RELEASE_FRAMES]).toBe(1);
    const steps = gains.slice(1).map((gain, at) => Math.abs(gain - (gains[at] ?? 0)));
    expect(Math.max(...steps)).toBeLessThan(0.001);
  });

  it('is the same for a part of the film as for the whole', () => {
    const whole = duckEnvelope(new Float32Array(96_000), [{ from: 40_000, to: 50_000 }], -18);
    const part = duckEnvelope(new Float32Array(20_000), [{ from: 4_000, to: 14_000 }], -18);
    expect(part).toEqual(whole.subarray(36_000, 56_000));
  });
});
