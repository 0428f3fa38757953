import { describe, expect, it } from 'vitest';
import type { MediaStream, Probe } from '../../shared/contract/media.ts';
import { anchorStream } from './anchor-stream.ts';
import { extractCommand, extractInTwoPasses } from './extract-command.ts';
import { judgeDecoding } from './judge-decoding.ts';

const audio: MediaStream = {
  index: 1,
  type: 'audio',
  codec: 'aac',
  language: null,
  startMs: 0,
  durationMs: 60_000,
  default: true,
  audio: { sampleRateHz: 48_000, channels: 2 },
  video: null,
};
const whole = { stream: audio, durationMs: 60_000, decodedMs: 60_000, damageCount: 0, lengthKnown: true };

describe('decoded sound', () => {
  it('is whole within a quarter of a second or half a percent', () => {
    expect(judgeDecoding(whole)).toBeUndefined();
    expect(judgeDecoding({ ...whole, decodedMs: 59_710 })).toBeUndefined();
    expect(judgeDecoding({ ...whole, decodedMs: 59_690 })).toBe(
      'Of 60.00 s of sound 59.69 s could be decoded; 0.31 s are missing.',
    );
    const short = { ...audio, durationMs: 2000 };
    expect(judgeDecoding({ ...whole, stream: short, durationMs: 2000, decodedMs: 1760 })).toBeUndefined();
    expect(judgeDecoding({ ...whole, stream: short, durationMs: 2000, decodedMs: 1740 })).toContain(
      '0.26 s are missing',
    );
  });

  it('is measured against its own stream, else against the container', () => {
    expect(judgeDecoding({ ...whole, durationMs: 90_000 })).toBeUndefined();
    expect(judgeDecoding({ ...whole, stream: { ...audio, durationMs: null }, durationMs: 90_000 })).toContain(
      '30.00 s are missing',
    );
    expect(judgeDecoding({ ...whole, stream: { ...audio, startMs: 1500 } })).toContain('1.50 s are missing');
  });

  it('of an unknown length is judged by what ffmpeg complains about', () => {
    expect(judgeDecoding({ ...whole, decodedMs: 40_000, lengthKnown: false })).toBeUndefined();
    expect(judgeDecoding({ ...whole, damageCount: 1, lengthKnown: false })).toBe('Ffmpeg reported damage 1 time.');
  });

  it('far longer than the film comes from jumping time stamps', () => {
    expect(judgeDecoding({ ...whole, decodedMs: 840_000 })).toContain('Its time stamps jump');
  });
});

describe('the ffmpeg command', () => {
  const plan = {
    media: '/in/film.ts',
    audioStream: 2,
    speech: '/s/speech',
    programme: '/s/programme',
    anchor: undefined,
    durationMs: 1000,
    onProgress: () => {},
  };

  it('reads the film once, whatever it writes', () => {
    const both = extractCommand(plan);
    expect(both.inputs).toEqual([{ path: '/in/film.ts', trust: 'foreign' }]);
    expect(both.outputs.map(({ path }) => path)).toEqual(['/s/speech', '/s/programme']);
    const one = extractCommand({ ...plan, programme: undefined });
    expect(one.outputs.map(({ path }) => path)).toEqual(['/s/speech']);
    expect(one.filterGraph).not.toContain('programme');
    expect(one.filterGraph).toContain('[0:a:2]');
  });

  it('reads the film once in two passes too, and tells progress over both', () => {
    const seen: number[] = [];
    const [unify, place] = extractInTwoPasses({ ...plan, anchor: 0, onProgress: (ms) => seen.push(ms) }, '/s/between');
    expect(unify.inputs[0]?.path).toBe('/in/film.ts');
    expect(unify.outputs).toHaveLength(2);
    expect(place.inputs).toEqual([{ path: '/s/between', trust: 'own' }]);
    expect(place.outputs).toHaveLength(2);
    unify.onProgress?.(1000);
    place.onProgress?.(1000);
    expect(seen).toEqual([500, 1000]);
  });

  it('keeps time 0 where a late stream would move it', () => {
    const picture: MediaStream = { ...audio, index: 0, type: 'video', audio: null };
    const late: MediaStream = { ...audio, startMs: 1500 };
    const film = (container: string): Probe => ({
      container,
      durationMs: 60_000,
      startTimeMs: 0,
      streams: [picture, late],
    });
    expect(anchorStream(film('mpegts'), late)).toBe(0);
    expect(anchorStream(film('mpegts'), audio)).toBeUndefined();
    expect(anchorStream(film('matroska,webm'), late)).toBeUndefined();
    expect(extractCommand({ ...plan, anchor: 0 }).outputs.at(-1)?.options).toEqual([
      '-map',
      '0:0',
      '-c',
      'copy',
      '-f',
      'null',
    ]);
  });
});
