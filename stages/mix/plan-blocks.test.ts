import { describe, expect, it } from 'vitest';
import type { Digest } from '../../shared/contract/ids.ts';
import { canonicalJson } from '../../shared/util/canonical-json.ts';
import { findDucks } from './duck.ts';
import { BLOCK_AAC_FRAMES, type BlockRequest, type LevelledClip, planBlocks, ROLL_AAC_FRAMES } from './plan-blocks.ts';

const digest = (digit: string): Digest => `sha256:${digit.repeat(64)}` as Digest;
const clip = (startMs: number, audio = '1'): LevelledClip => ({
  ...{ utteranceId: String(startMs), startMs, lineMs: 2000, audio: { $object: digest(audio), bytes: 88_200 } },
  ...{
    sampleRateHz: 22_050,
    samples: 44_100,
    slotMs: 2000,
    naturalMs: 2000,
    rate: 1,
    stretch: 1,
    fits: true,
    gainDb: 2,
  },
});
const levels = { programmeDb: 3, duckDb: -18, trimDb: 0, truePeakDbtp: -1, bitrateKbps: 160 };
const SECONDS = 48_000;

const plan = (totalFrames: number, clips: readonly LevelledClip[]): BlockRequest[] =>
  planBlocks({ programme: digest('0'), totalFrames, clips, ducks: findDucks(clips), levels });

/** Indices of the blocks whose requests differ. */
const changed = (before: readonly BlockRequest[], after: readonly BlockRequest[]): number[] =>
  before.flatMap((block, index) => (canonicalJson(block) === canonicalJson(after[index]) ? [] : [index]));

describe('blocks of a mix', () => {
  it('cover every sample of the film once, and every AAC frame with the encoder delay in front', () => {
    for (const frames of [1, 1024, 50_000, BLOCK_AAC_FRAMES * 1024, 200 * SECONDS + 7]) {
      const blocks = plan(frames, []);
      expect(blocks.reduce((sum, { keepAacFrames }) => sum + keepAacFrames, 0)).toBe(Math.ceil(frames / 1024) + 1);
      expect(blocks.reduce((sum, { own }) => sum + own.to - own.from, 0)).toBe(frames);
    }
  });

  it('encode what they keep with four frames around, and mix more than the limiter reaches around that', () => {
    for (const block of plan(200 * SECONDS, [])) {
      expect(block.encodeAacFrames).toBe(block.keepAacFrames + 2 * ROLL_AAC_FRAMES);
      expect(block.encodeFrom).toBeGreaterThanOrEqual(1024);
      expect(block.frames - block.encodeFrom - block.encodeAacFrames * 1024).toBeGreaterThanOrEqual(1024);
    }
  });

  it('name only the slice of the film that they hear', () => {
    const [first, second] = plan(200 * SECONDS, []);
    expect(first?.silenceBefore).toBeGreaterThan(0);
    expect(first?.programme.offsetBytes).toBe(0);
    expect(second?.silenceBefore).toBe(0);
    expect(second?.programme.lengthBytes).toBe((second?.frames ?? 0) * 4);
  });

  it('change only where an edited line is heard', () => {
    const lines = Array.from({ length: 60 }, (_, index) => clip(index * 10_000 + 1000));
    const edited = lines.map((line) => (line.startMs === 301_000 ? clip(301_000, '2') : line));
    expect(changed(plan(600 * SECONDS, lines), plan(600 * SECONDS, edited))).toEqual([5]);
  });

  it('change on both sides of a seam that an edited line crosses', () => {
    const lines = [clip(10_000), clip(59_000), clip(130_000)];
    const edited = [clip(10_000), clip(59_000, '2'), clip(130_000)];
    expect(changed(plan(180 * SECONDS, lines), plan(180 * SECONDS, edited))).toEqual([0, 1]);
  });

  it('do not depend on a line far away even when the original stays down in between', () => {
    const lines = Array.from({ length: 80 }, (_, index) => clip(index * 2200));
    expect(findDucks(lines)).toHaveLength(1);
    expect(changed(plan(180 * SECONDS, lines), plan(180 * SECONDS, lines.slice(0, -5)))).not.toContain(0);
  });

  it('place a line that crosses a seam at the same instant in both', () => {
    const blocks = plan(180 * SECONDS, [clip(59_000)]).filter(({ clips }) => clips.length > 0);
    expect(blocks).toHaveLength(2);
    const starts = blocks.map(({ programme, silenceBefore, clips }) => {
      const firstFrame = programme.offsetBytes / 4 - silenceBefore;
      return (firstFrame * 22_050) / 48_000 + (clips[0]?.at ?? 0);
    });
    expect(starts[0]).toBe(starts[1]);
    expect(starts[0]).toBe(Math.round(59 * 22_050));
  });
});
