import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { loudnessOf } from '../../shared/media/loudness.ts';
import { createBlockBuffers } from './block-buffers.ts';
import { placeClips } from './place-voices.ts';
import { predictLoudness } from './predict-loudness.ts';
import { measureVoice, voiceGainDb } from './voice-level.ts';

const dir = mkdtempSync(join(tmpdir(), 'voices-'));
afterAll(() => rmSync(dir, { recursive: true }));

const tone = (seconds: number, peak: number): Float32Array =>
  Float32Array.from({ length: seconds * 24_000 }, (_, at) => peak * Math.sin(at / 10));
const measure = (samples: Float32Array) => {
  const path = join(dir, 'clip.pcm');
  writeFileSync(
    path,
    Int16Array.from(samples, (sample) => Math.round(sample * 32_768)),
  );
  return measureVoice(path, { samples: samples.length, sampleRateHz: 24_000 }, createBlockBuffers());
};

describe('voices', () => {
  it('come out at the target loudness on two channels, whatever the engine gave', async () => {
    for (const peak of [0.02, 0.2, 0.9]) {
      const clip = tone(2, peak);
      const gain = 10 ** (voiceGainDb(await measure(clip), -16) / 20);
      const played = clip.map((sample) => sample * gain);
      expect(loudnessOf([played, played], 24_000)).toBeCloseTo(-16, 1);
    }
  });

  it('are not blown up out of near silence', async () => {
    expect(voiceGainDb(await measure(tone(2, 0.001)), -16)).toBe(30);
    expect(voiceGainDb(await measure(new Float32Array(24_000)), -16)).toBe(0);
  });

  it('add up where they overlap and are cut at the ends of the bus', () => {
    const bus = new Float32Array(10);
    placeClips(bus, [
      { samples: new Float32Array(6).fill(1), at: -2, gainDb: 0 },
      { samples: new Float32Array(9).fill(1), at: 3, gainDb: 20 },
    ]);
    expect([...bus]).toEqual([1, 1, 1, 11, 10, 10, 10, 10, 10, 10]);
  });

  it('are foreseen in the loudness of the mix: one at the target over a silent film gives the target', async () => {
    const voice = await measure(tone(5, 0.3));
    const clip = { startMs: 2050, meanSquares: voice.meanSquares, gainDb: voiceGainDb(voice, -16) };
    const original = Array.from({ length: 100 }, () => ({ sum: 0, frames: 4800 }));
    const film = { original, programmeDb: 0, duckDb: -18, ducks: [{ from: 96_000, to: 340_000 }] };
    expect(predictLoudness({ ...film, clips: [clip] })).toBeCloseTo(-16, 0);
    expect(predictLoudness({ ...film, clips: [] })).toBeNull();
  });

  it('and the lowered original are foreseen: a film of steady sound is as much quieter as it is turned down', () => {
    const original = Array.from({ length: 100 }, () => ({ sum: 48, frames: 4800 }));
    const whole = predictLoudness({ original, programmeDb: 0, duckDb: -18, ducks: [], clips: [] }) ?? 0;
    const ducks = [{ from: 0, to: 480_000 }];
    expect(predictLoudness({ original, programmeDb: 6, duckDb: -18, ducks, clips: [] })).toBeCloseTo(whole - 12, 5);
  });
});
