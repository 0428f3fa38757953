import { closeSync, openSync, readSync } from 'node:fs';
import type { PcmFormat } from '../contract/media.ts';

const BYTES_PER_SAMPLE = 2;

/** `s16le/<rate>/<channels>`. */
export const pcmFormat = (sampleRateHz: number, channels: 1 | 2): PcmFormat => `s16le/${sampleRateHz}/${channels}`;

/** @throws TypeError for anything but a format that `pcmFormat` makes */
export function parsePcmFormat(format: PcmFormat): { readonly sampleRateHz: number; readonly channels: number } {
  const match = /^s16le\/([1-9]\d*)\/([12])$/.exec(format);
  if (match === null) throw new TypeError(`not a PCM format: ${format}`);
  return { sampleRateHz: Number(match[1]), channels: Number(match[2]) };
}

/** Bytes of one frame: a sample of every channel. */
export const frameBytes = (format: PcmFormat): number => parsePcmFormat(format).channels * BYTES_PER_SAMPLE;

/** Length of so many bytes, rounded to the nearest millisecond. */
export function bytesToMs(bytes: number, format: PcmFormat): number {
  return Math.round((bytes / frameBytes(format) / parsePcmFormat(format).sampleRateHz) * 1000);
}

/** Bytes of so many milliseconds, rounded down to a whole frame. */
export function msToBytes(ms: number, format: PcmFormat): number {
  return Math.floor((ms * parsePcmFormat(format).sampleRateHz) / 1000) * frameBytes(format);
}

/**
 * Samples of a slice of a PCM file, channels interleaved; shorter when the file ends before.
 * @param offset bytes, even
 * @param length bytes
 */
export function readPcm16(path: string, offset: number, length: number): Int16Array {
  if (offset % BYTES_PER_SAMPLE !== 0) throw new RangeError(`offset ${offset} is inside a sample`);
  const bytes = Buffer.alloc(length);
  const fd = openSync(path, 'r');
  try {
    let filled = 0;
    while (filled < length) {
      const read = readSync(fd, bytes, filled, length - filled, offset + filled);
      if (read === 0) break;
      filled += read;
    }
    return new Int16Array(bytes.buffer, bytes.byteOffset, Math.floor(filled / BYTES_PER_SAMPLE));
  } finally {
    closeSync(fd);
  }
}
