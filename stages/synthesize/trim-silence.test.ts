import { describe, expect, it } from 'vitest';
import { trimSilence } from './trim-silence.ts';

const RATE = 24_000;
const tone = (samples: number, peak: number): Int16Array =>
  Int16Array.from({ length: samples }, (_, at) => Math.round(peak * Math.sin(at / 4)));

describe('silence around speech', () => {
  it('is cut to about 10 ms on both sides', () => {
    const pcm = new Int16Array(RATE * 2);
    pcm.set(tone(RATE / 2, 8000), RATE / 2);
    const speech = trimSilence(pcm, RATE);
    expect(speech.length / RATE).toBeGreaterThanOrEqual(0.51);
    expect(speech.length / RATE).toBeLessThanOrEqual(0.535);
  });

  it('is not confused by a faint noise floor', () => {
    const pcm = tone(RATE * 2, 20);
    pcm.set(tone(RATE, 8000), RATE / 2);
    expect(trimSilence(pcm, RATE).length / RATE).toBeLessThan(1.04);
  });

  it('keeps pauses inside speech', () => {
    const pcm = new Int16Array(RATE * 3);
    pcm.set(tone(RATE / 4, 8000), 0);
    pcm.set(tone(RATE / 4, 8000), RATE * 2);
    expect(trimSilence(pcm, RATE).length / RATE).toBeGreaterThan(2.24);
  });

  it('leaves nothing of silence', () => {
    expect(trimSilence(new Int16Array(RATE), RATE).length).toBe(0);
    expect(trimSilence(tone(RATE, 20), RATE).length).toBe(0);
    expect(trimSilence(new Int16Array(0), RATE).length).toBe(0);
  });

  it('never starts or ends with a click', () => {
    const speech = trimSilence(tone(RATE, 8000), RATE);
    expect(Math.abs(speech[0] ?? 1)).toBe(0);
    expect(Math.abs(speech.at(-1) ?? 1)).toBe(0);
  });
});
