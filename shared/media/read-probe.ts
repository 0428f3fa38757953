import { z } from 'zod';
import type { MediaStream, Probe } from '../contract/media.ts';
import { mediaLanguage } from './media-language.ts';

const Tags = z.record(z.string(), z.string()).default({});

/** The part of ffprobe's JSON that is used; numbers come as text. */
const FfprobeStream = z.object({
  index: z.int().nonnegative(),
  codec_type: z.string().default('other'),
  codec_name: z.string().default('unknown'),
  start_time: z.string().optional(),
  duration: z.string().optional(),
  sample_rate: z.string().optional(),
  channels: z.int().optional(),
  width: z.int().default(0),
  height: z.int().default(0),
  avg_frame_rate: z.string().default('0/0'),
  disposition: z.record(z.string(), z.int()).default({}),
  tags: Tags,
});
type FfprobeStream = z.output<typeof FfprobeStream>;

const FfprobeReport = z.object({
  format: z.object({
    format_name: z.string(),
    start_time: z.string().optional(),
    duration: z.string().optional(),
  }),
  streams: z.array(FfprobeStream).default([]),
});

/**
 * A Probe from what `ffprobe -show_format -show_streams` printed as JSON. All times are from the container's start_time.
 * @throws ZodError or SyntaxError when it is something else
 */
export function readProbe(json: string): Probe {
  const { format, streams: found } = FfprobeReport.parse(JSON.parse(json));
  const startTimeMs = toMs(format.start_time) ?? 0;
  const streams = found.map((stream) => readStream(stream, startTimeMs));
  return {
    container: format.format_name,
    durationMs: wholeDuration(format, streams, startTimeMs),
    startTimeMs,
    streams,
  };
}

function readStream(stream: FfprobeStream, startTimeMs: number): MediaStream {
  const startMs = (toMs(stream.start_time) ?? startTimeMs) - startTimeMs;
  const type = streamType(stream.codec_type);
  const rate = Number(stream.sample_rate ?? 0);
  return {
    index: stream.index,
    type,
    codec: stream.codec_name,
    language: mediaLanguage(tag(stream, 'language')),
    startMs,
    durationMs: toMs(stream.duration) ?? taggedDuration(stream, startTimeMs + startMs),
    default: stream.disposition.default === 1,
    audio: type === 'audio' ? { sampleRateHz: rate, channels: stream.channels ?? 0 } : null,
    video:
      type === 'video'
        ? {
            width: stream.width,
            height: stream.height,
            framesPerSecond: ratio(stream.avg_frame_rate),
            coverArt: stream.disposition.attached_pic === 1,
          }
        : null,
  };
}

/** Matroska keeps a stream's end as a tag; it counts from 0, not from the stream's start. */
function taggedDuration(stream: FfprobeStream, absoluteStartMs: number): number | null {
  const [, hours, minutes, seconds] = /^(\d+):(\d{2}):(\d{2}(?:\.\d+)?)$/.exec(tag(stream, 'duration') ?? '') ?? [];
  if (hours === undefined) return null;
  const endMs = Math.round((Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)) * 1000);
  return Math.max(0, endMs - absoluteStartMs);
}

/**
 * Where the last sound or picture ends. The container's own figure is the second choice, since Matroska and MP4 count it from 0
 * and not from their start_time.
 */
function wholeDuration(
  format: { duration?: string | undefined },
  streams: readonly MediaStream[],
  startTimeMs: number,
) {
  const played = streams.filter(
    ({ type, video }) => type === 'audio' || (type === 'video' && video?.coverArt === false),
  );
  const ends = played.map(({ startMs, durationMs }) => (durationMs === null ? null : startMs + durationMs));
  const known = ends.filter((end) => end !== null);
  if (known.length > 0 && known.length === ends.length) return Math.max(0, ...known);
  return Math.max(0, (toMs(format.duration) ?? 0) - Math.max(0, startTimeMs), ...known);
}

/** Tag names differ in case between containers, and Matroska puts a language after some. */
function tag(stream: FfprobeStream, name: string): string | undefined {
  return Object.entries(stream.tags).find(
    ([key]) => key.toLowerCase() === name || key.toLowerCase().startsWith(`${name}-`),
  )?.[1];
}

const TYPES = ['video', 'audio', 'subtitle', 'attachment', 'data'] as const;
const streamType = (name: string): MediaStream['type'] => TYPES.find((type) => type === name) ?? 'other';

function toMs(seconds: string | undefined): number | null {
  const value = Number(seconds ?? Number.NaN);
  return Number.isFinite(value) ? Math.round(value * 1000) : null;
}

function ratio(text: string): number | null {
  const [top, bottom] = text.split('/').map(Number);
  if (top === undefined || bottom === undefined || !(top > 0) || !(bottom > 0)) return null;
  return Math.round((top / bottom) * 1000) / 1000;
}
