import { z } from 'zod';
import type { Digest } from './ids.ts';
import { DIGEST_PATTERN } from './ids.ts';

export const DigestSchema = z.custom<Digest>(
  (value) => typeof value === 'string' && DIGEST_PATTERN.test(value),
  'not a sha256 digest',
);

/** Milliseconds from the container's start_time; a range is half-open `[startMs, endMs)`. */
export const Milliseconds = z.int();

/** Signed 16-bit little-endian PCM: `s16le/<sampleRateHz>/<channels>`. */
export const PcmFormat = z.string().regex(/^s16le\/[0-9]+\/[12]$/);
export type PcmFormat = string;
/** What recognisers hear. */
export const SPEECH_FORMAT: PcmFormat = 's16le/16000/1';
/** What a mix is made of. */
export const PROGRAMME_FORMAT: PcmFormat = 's16le/48000/2';

/** A slice of a PCM object, never the samples themselves. In task keys the digest of the slice stands in its place. */
export const AudioRef = z.object({
  $audio: DigestSchema,
  offsetBytes: z.int().nonnegative(),
  lengthBytes: z.int().nonnegative(),
  format: PcmFormat,
});
export type AudioRef = z.output<typeof AudioRef>;

/** A whole stored object; named inside stream items, where a path must never stand. */
export const ObjectRef = z.object({ $object: DigestSchema, bytes: z.int().nonnegative() });
export type ObjectRef = z.output<typeof ObjectRef>;

export const MediaStream = z.object({
  index: z.int(),
  type: z.enum(['video', 'audio', 'subtitle', 'attachment', 'data', 'other']),
  codec: z.string(),
  language: z.string().nullable(),
  /** Start relative to the container's start_time. */
  startMs: Milliseconds,
  durationMs: Milliseconds.nullable(),
  default: z.boolean(),
  audio: z.object({ sampleRateHz: z.int(), channels: z.int() }).nullable(),
  video: z
    .object({ width: z.int(), height: z.int(), framesPerSecond: z.number().nullable(), coverArt: z.boolean() })
    .nullable(),
});
export type MediaStream = z.output<typeof MediaStream>;

export const Probe = z.object({
  container: z.string(),
  durationMs: Milliseconds,
  startTimeMs: Milliseconds,
  streams: z.array(MediaStream),
});
export type Probe = z.output<typeof Probe>;

export const Clip = z.object({ startMs: Milliseconds.nonnegative(), endMs: Milliseconds.nonnegative() });
export type Clip = z.output<typeof Clip>;
