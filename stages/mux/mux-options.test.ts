import { describe, expect, it } from 'vitest';
import type { MediaStream } from '../../shared/contract/media.ts';
import { sortStreams, unfitForMp4 } from './containers.ts';
import { type MuxPlan, mkvOptions, mp4Options } from './mux-options.ts';
import { languageOf } from './track.ts';

const stream = (
  index: number,
  type: MediaStream['type'],
  codec: string,
  more: Partial<MediaStream> = {},
): MediaStream => ({
  ...{ index, type, codec, language: null, startMs: 0, durationMs: 1000, default: false, audio: null },
  video: type === 'video' ? { width: 640, height: 360, framesPerSecond: 25, coverArt: false } : null,
  ...more,
});
const COVER = stream(3, 'video', 'mjpeg', {
  video: { width: 600, height: 600, framesPerSecond: null, coverArt: true },
});

const plan = (streams: readonly MediaStream[], audioStream = 0, more: Partial<MuxPlan> = {}): MuxPlan => ({
  film: sortStreams(streams, audioStream),
  sourceLanguage: 'en',
  subtitles: [
    { path: '/s/en.srt', language: 'en' },
    { path: '/s/pt.srt', language: 'pt-BR' },
  ],
  dubs: [{ path: '/d/pt.m4a', language: 'pt-BR' }],
  ...more,
});
const FILM = [stream(0, 'video', 'h264'), stream(1, 'audio', 'aac'), stream(2, 'audio', 'vorbis', { language: 'de' })];

const mapsOf = (options: readonly string[]): string[] =>
  options.flatMap((option, at) => (options[at - 1] === '-map' ? [option] : []));
const argumentAfter = (options: readonly string[], name: string): string | undefined =>
  options[options.indexOf(name) + 1];

describe('muxing', () => {
  it('copies the picture and all of the film into MKV, then adds dubs and subtitles', () => {
    const options = mkvOptions(plan(FILM));
    expect(mapsOf(options)).toEqual(['0:0', '0:1', '0:2', '3:a:0', '1:s:0', '2:s:0']);
    expect(argumentAfter(options, '-c')).toBe('copy');
    expect(options.some((option) => option.startsWith('-c:v'))).toBe(false);
  });

  it('puts the chosen original and the dubs into MP4, and the subtitles as timed text', () => {
    const options = mp4Options(plan(FILM));
    expect(mapsOf(options)).toEqual(['0:0', '0:1', '3:a:0', '1:s:0', '2:s:0']);
    expect(argumentAfter(options, '-c:s')).toBe('mov_text');
    expect(options.includes('-c:a:0')).toBe(false);
  });

  it('encodes an original sound that does not belong into MP4, there only', () => {
    expect(argumentAfter(mp4Options(plan(FILM, 1)), '-c:a:0')).toBe('aac');
    expect(mkvOptions(plan(FILM, 1)).includes('-c:a:0')).toBe(false);
  });

  it('leaves the original as what plays by itself and names every language', () => {
    const options = mkvOptions(plan(FILM, 1));
    expect(['a:0', 'a:1', 'a:2', 's:0'].map((at) => argumentAfter(options, `-disposition:${at}`))).toEqual([
      '0',
      'default',
      '0',
      '0',
    ]);
    expect(argumentAfter(options, '-metadata:s:a:2')).toBe('language=por');
    expect(options).toContain('title=Portuguese (Brazil) - dub');
    expect(argumentAfter(options, '-metadata:s:s:0')).toBe('language=eng');
  });

  it('names the language of the original only where the film does not', () => {
    expect(argumentAfter(mkvOptions(plan(FILM, 0)), '-metadata:s:a:0')).toBe('language=eng');
    expect(mkvOptions(plan(FILM, 1)).includes('-metadata:s:a:1')).toBe(false);
  });

  it('numbers its subtitles behind those of the film', () => {
    const options = mkvOptions(plan([...FILM, stream(4, 'subtitle', 'subrip'), stream(5, 'subtitle', 'mov_text')]));
    expect(mapsOf(options)).toEqual(['0:0', '0:1', '0:2', '3:a:0', '0:4', '1:s:0', '2:s:0']);
    expect(argumentAfter(options, '-metadata:s:s:1')).toBe('language=eng');
  });

  it('takes cover art for no picture, and a film of sound alone for a film', () => {
    const audioOnly = plan([stream(0, 'audio', 'mp3'), COVER]);
    expect(mapsOf(mkvOptions(audioOnly))).toEqual(['0:0', '3:a:0', '1:s:0', '2:s:0']);
    expect(unfitForMp4(audioOnly.film.video)).toEqual([]);
  });

  it('finds pictures that keep a film out of MP4', () => {
    expect(unfitForMp4(plan([stream(0, 'video', 'vp8')]).film.video)).toHaveLength(1);
    expect(unfitForMp4(plan(FILM).film.video)).toHaveLength(0);
  });

  it('encodes the picture only to burn subtitles in', () => {
    const burned = plan(FILM, 0, { burned: '[v]' });
    expect(mapsOf(mkvOptions(burned))[0]).toBe('[v]');
    expect(argumentAfter(mkvOptions(burned), '-c:v:0')).toBe('libx264');
  });

  it('reads the language after the first dot of a stage instance', () => {
    expect(['subtitle.pt-BR', 'mix.es', 'subtitle'].map(languageOf)).toEqual(['pt-BR', 'es', 'und']);
  });
});
