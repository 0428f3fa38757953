import { describe, expect, it } from 'vitest';
import { integratedLoudness, kWeighting, loudnessOf, measureEnergies } from './loudness.ts';

const sine = (seconds: number, hertz: number, peak: number, rate = 48_000): Float32Array =>
  Float32Array.from({ length: seconds * rate }, (_, at) => peak * Math.sin((2 * Math.PI * hertz * at) / rate));

describe('loudness', () => {
  it('has the filters that the standard prints for 48 kHz', () => {
    const { shelf, highPass } = kWeighting(48_000);
    expect(shelf.b0).toBeCloseTo(1.53512485958697, 8);
    expect(shelf.b1).toBeCloseTo(-2.69169618940638, 8);
    expect(shelf.b2).toBeCloseTo(1.19839281085285, 8);
    expect(shelf.a1).toBeCloseTo(-1.69065929318241, 8);
    expect(shelf.a2).toBeCloseTo(0.73248077421585, 8);
    expect(highPass.a1).toBeCloseTo(-1.99004745483398, 8);
    expect(highPass.a2).toBeCloseTo(0.99007225036621, 8);
  });

  it('gives a full-scale 997 Hz sine in one channel -3.01 LUFS, as the standard says, at every sample rate', () => {
    for (const rate of [16_000, 22_050, 24_000, 48_000])
      expect(loudnessOf([sine(2, 997, 1, rate)], rate)).toBeCloseTo(-3.01, 1);
  });

  it('finds the same sound on two channels 3 LU louder than on one', () => {
    const one = sine(1, 500, 0.25);
    expect((loudnessOf([one, one], 48_000) ?? 0) - (loudnessOf([one], 48_000) ?? 0)).toBeCloseTo(3.01, 2);
  });

  it('does not count pauses: silence around speech leaves the loudness as it is', () => {
    const padded = new Float32Array(48_000 * 12);
    padded.set(sine(4, 997, 0.25), 48_000 * 4);
    expect(loudnessOf([padded], 48_000)).toBeCloseTo(loudnessOf([sine(4, 997, 0.25)], 48_000) ?? 0, 0);
  });

  it('answers null for silence and for nothing', () => {
    expect(loudnessOf([new Float32Array(48_000)], 48_000)).toBeNull();
    expect(integratedLoudness([])).toBeNull();
  });

  it('measures a clip shorter than one gating window as a whole', () => {
    expect(loudnessOf([sine(0.25, 997, 1)], 48_000)).toBeCloseTo(-3.01, 0);
  });

  it('finds the same energies in two parts as in one, once the filters have settled', () => {
    const sound = sine(3, 220, 0.5);
    const whole = measureEnergies([sound], { sampleRateHz: 48_000, from: 0, to: sound.length });
    const rest = measureEnergies([sound.subarray(48_000)], { sampleRateHz: 48_000, from: 48_000, to: 96_000 });
    for (const [index, { sum }] of rest.entries()) expect(sum / (whole[20 + index]?.sum ?? 0)).toBeCloseTo(1, 4);
  });
});
