import type { MediaStream } from '../../shared/contract/media.ts';

/** Video codecs that players expect in MP4; ffprobe's names. */
const MP4_VIDEO: ReadonlySet<string> = new Set(['h264', 'hevc', 'av1', 'vp9', 'mpeg4', 'mpeg2video', 'mpeg1video']);
const MP4_AUDIO: ReadonlySet<string> = new Set(['aac', 'mp3', 'ac3', 'eac3', 'alac', 'opus', 'flac']);
/** Subtitles of the film that Matroska takes as they are. */
const MKV_SUBTITLES: ReadonlySet<string> = new Set([
  ...['subrip', 'ass', 'ssa', 'webvtt', 'hdmv_pgs_subtitle', 'dvd_subtitle', 'dvb_subtitle'],
]);
/** Fonts of styled subtitles. */
const MKV_ATTACHMENTS: ReadonlySet<string> = new Set(['ttf', 'otf']);

export interface FilmStreams {
  /** Cover art is no video. */
  readonly video: readonly MediaStream[];
  readonly audio: readonly MediaStream[];
  /** The original that is translated; undefined for a film without it. */
  readonly chosenAudio: MediaStream | undefined;
  readonly subtitles: readonly MediaStream[];
  readonly fonts: readonly MediaStream[];
  /** Streams that are left out of MKV. */
  readonly dropped: readonly MediaStream[];
}

/** @param audioStream counted over audio streams from 0 */
export function sortStreams(streams: readonly MediaStream[], audioStream: number): FilmStreams {
  const video = streams.filter((stream) => stream.type === 'video' && stream.video?.coverArt !== true);
  const audio = streams.filter((stream) => stream.type === 'audio');
  const subtitles = streams.filter((stream) => stream.type === 'subtitle' && MKV_SUBTITLES.has(stream.codec));
  const fonts = streams.filter((stream) => stream.type === 'attachment' && MKV_ATTACHMENTS.has(stream.codec));
  const kept = new Set([...video, ...audio, ...subtitles, ...fonts]);
  const dropped = streams.filter((stream) => !kept.has(stream));
  return { video, audio, chosenAudio: audio[audioStream], subtitles, fonts, dropped };
}

/** Video streams that keep a film out of MP4. */
export const unfitForMp4 = (video: readonly MediaStream[]): readonly MediaStream[] =>
  video.filter((stream) => !MP4_VIDEO.has(stream.codec));

export const fitsMp4Audio = (stream: MediaStream): boolean => MP4_AUDIO.has(stream.codec);
