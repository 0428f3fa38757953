import { open } from 'node:fs/promises';
import { Failure } from '../../shared/contract/failure.ts';

/** Samples of a slice of a raw 16-bit file. @throws Failure ERR_MEDIA_TRUNCATED when the file ends before the slice does */
export async function readSamples(path: string, offsetBytes: number, lengthBytes: number): Promise<Int16Array> {
  const samples = new Int16Array(lengthBytes >> 1);
  const bytes = new Uint8Array(samples.buffer);
  await using file = await open(path, 'r');
  for (let at = 0; at < bytes.length; ) {
    const { bytesRead } = await file.read(bytes, at, bytes.length - at, offsetBytes + at);
    if (bytesRead === 0)
      throw new Failure('ERR_MEDIA_TRUNCATED', 'A sound file ends before its announced length.', {
        why: `${bytes.length - at} of ${bytes.length} bytes are missing.`,
      });
    at += bytesRead;
  }
  return samples;
}

const UNIT = 1 / 32768;

/** Mono samples as -1..1. A plain loop: `Float32Array.from` with a function takes 20 times as long. */
export function toFloats(samples: Int16Array): Float32Array<ArrayBuffer> {
  const floats = new Float32Array(samples.length);
  for (let at = 0; at < samples.length; at += 1) floats[at] = (samples[at] as number) * UNIT;
  return floats;
}

/**
 * Interleaved stereo as two channels of -1..1.
 * @param frames length of the channels; what the samples do not fill is silence
 * @param at frame the samples start at
 */
export function splitStereo(
  samples: Int16Array,
  frames: number,
  at: number,
): readonly [left: Float32Array<ArrayBuffer>, right: Float32Array<ArrayBuffer>] {
  const left = new Float32Array(frames);
  const right = new Float32Array(frames);
  const count = Math.min(frames - at, samples.length >> 1);
  for (let frame = 0; frame < count; frame += 1) {
    left[at + frame] = (samples[2 * frame] as number) * UNIT;
    right[at + frame] = (samples[2 * frame + 1] as number) * UNIT;
  }
  return [left, right];
}

/** Two channels from frame `from` to `to` as interleaved 16-bit samples. */
export function joinStereo(left: Float32Array, right: Float32Array, range: { from: number; to: number }): Int16Array {
  const samples = new Int16Array(2 * (range.to - range.from));
  for (let frame = range.from, at = 0; frame < range.to; frame += 1, at += 2) {
    samples[at] = toInt16(left[frame] as number);
    samples[at + 1] = toInt16(right[frame] as number);
  }
  return samples;
}

const toInt16 = (value: number): number => {
  const scaled = Math.floor(value * 32768 + 0.5);
  return scaled > 32767 ? 32767 : scaled < -32768 ? -32768 : scaled;
};
