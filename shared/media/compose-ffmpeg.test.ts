import { describe, expect, it } from 'vitest';
import type { MediaCommand } from '../contract/media-command.ts';
import { composeFfmpeg } from './compose-ffmpeg.ts';

const command = (more: Partial<MediaCommand> = {}): MediaCommand => ({
  inputs: [{ path: '/in/film.mp4', trust: 'foreign' }],
  outputs: [{ path: '/out/x.pcm', options: ['-map', '0:a:0', '-f', 's16le'] }],
  ...more,
});
const optionOf = (args: readonly string[], option: string): string => args[args.indexOf(option) + 1] ?? '';

describe('the arguments of ffmpeg', () => {
  it('bound every input before it is opened', () => {
    const args = composeFfmpeg(command());
    const input = args.indexOf('-i');
    for (const option of [
      '-protocol_whitelist',
      '-format_whitelist',
      '-codec_whitelist',
      '-max_pixels',
      '-max_alloc',
    ]) {
      expect(args.indexOf(option)).toBeGreaterThan(-1);
      expect(args.indexOf(option)).toBeLessThan(input);
    }
    expect(args.slice(0, 8)).toEqual([
      ...['-hide_banner', '-nostdin', '-nostats', '-loglevel', 'level+warning', '-progress', 'pipe:3', '-y'],
    ]);
    expect(args[input + 1]).toBe('file:/in/film.mp4');
  });

  it('let no playlist, picture sequence, device or text in from outside', () => {
    const formats = optionOf(composeFfmpeg(command()), '-format_whitelist').split(',');
    const never =
      'hls dash concat imf sdp rtsp rtp image2 image2pipe lavfi ffmetadata vobsub tedcaptions webm_dash_manifest mpjpeg srt ass';
    for (const name of never.split(' ')) expect(formats).not.toContain(name);
    expect(formats).toEqual(expect.arrayContaining(['mov', 'matroska', 'avi', 'mpegts', 'wav', 'mp3', 'ogg', 'flac']));
    expect(optionOf(composeFfmpeg(command()), '-codec_whitelist').split(',')).not.toContain('magicyuv');
  });

  it('keep the order of inputs, graph and outputs, and tear no value apart', () => {
    const args = composeFfmpeg({
      inputs: [
        { path: '/a', trust: 'pcm', options: ['-f', 's16le', '-ar', '48000'] },
        { path: '/b', trust: 'own' },
      ],
      filterGraph: '[0:a]volume=2[x];[x]anull[y]',
      outputs: [
        { path: '/c.m4a', options: ['-map', '[y]', '-metadata:s:a:0', 'title=Two words'] },
        { path: '/d.srt', options: ['-map', '1:s'] },
      ],
    });
    const names = args.filter((arg) => arg.startsWith('file:'));
    expect(names).toEqual(['file:/a', 'file:/b', 'file:/c.m4a', 'file:/d.srt']);
    expect(args).toContain('title=Two words');
    expect(optionOf(args, '-filter_complex')).toBe('[0:a]volume=2[x];[x]anull[y]');
    expect(args.filter((arg) => arg === '-fflags')).toHaveLength(2);
    expect(args.at(-1)).toBe('file:/d.srt');
    expect(args.indexOf('-ar')).toBeLessThan(args.indexOf('-i'));
  });

  it('name every file by an absolute path behind file:', () => {
    for (const path of ['film.mp4', '-y.mp4', 'concat:a|b.mp4', 'http://x/y.mp4', '']) {
      expect(() => composeFfmpeg(command({ inputs: [{ path, trust: 'foreign' }] }))).toThrow(TypeError);
      expect(() => composeFfmpeg(command({ outputs: [{ path, options: [] }] }))).toThrow(TypeError);
    }
    expect(composeFfmpeg(command({ inputs: [{ path: '/x/-i', trust: 'foreign' }] }))).toContain('file:/x/-i');
  });

  it.each([
    '-i',
    '-dump_attachment:t',
    '-safe',
    '-protocol_whitelist',
    '-attach',
    '-filter_complex_script',
    '-enable_drefs',
    '-/filter',
  ])('refuse the option %s', (option) => {
    expect(() => composeFfmpeg(command({ outputs: [{ path: '/o', options: [option, '1'] }] }))).toThrow(option);
    const input = { path: '/i', trust: 'own' as const, options: [option, '1'] };
    expect(() => composeFfmpeg(command({ inputs: [input] }))).toThrow(option);
  });

  it('refuse a graph with text in it, and raw samples without a format', () => {
    for (const filterGraph of ["subtitles='a.srt'", 'subtitles=a\\:b', 'anull\n', 'drawtext=text="x"', 'volume=é']) {
      expect(() => composeFfmpeg(command({ filterGraph }))).toThrow('filter graph');
    }
    expect(() => composeFfmpeg(command({ inputs: [{ path: '/a', trust: 'pcm' }] }))).toThrow('format');
  });
});
