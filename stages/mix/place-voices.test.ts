import { describe, expect, it } from 'vitest';
import { loudnessOf } from '../../shared/media/loudness.ts';
import { placeClips, voiceGainDb } from './place-voices.ts';

const tone = (seconds: number, peak: number): Float32Array =>
  Float32Array.from({ length: seconds * 24_000 }, (_, at) => peak * Math.sin(at / 10));

describe('voices', () => {
  it('come out at the target loudness on two channels, whatever the engine gave', () => {
    for (const peak of [0.02, 0.2, 0.9]) {
      const clip = tone(2, peak);
      const gain = 10 ** (voiceGainDb(clip, 24_000, -16) / 20);
      const played = clip.map((sample) => sample * gain);
      expect(loudnessOf([played, played], 24_000)).toBeCloseTo(-16, 2);
    }
  });

  it('are not blown up out of near silence', () => {
    expect(voiceGainDb(tone(2, 0.001), 24_000, -16)).toBe(30);
    expect(voiceGainDb(new Float32Array(24_000), 24_000, -16)).toBe(0);
  });

  it('add up where they overlap and are cut at the ends of the bus', () => {
    const bus = new Float32Array(10);
    placeClips(
      bus,
      [
        { samples: new Float32Array(6).fill(1), at: -2 },
        { samples: new Float32Array(9).fill(1), at: 3 },
      ],
      [0, 20],
    );
    expect([...bus]).toEqual([1, 1, 1, 11, 10, 10, 10, 10, 10, 10]);
  });
});
