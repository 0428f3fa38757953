import { open } from 'node:fs/promises';
import { Failure } from '../../shared/contract/failure.ts';

/** Fills `bytes` from a file. @throws Failure ERR_MEDIA_TRUNCATED when it ends before */
export async function readBytes(path: string, offsetBytes: number, bytes: Uint8Array): Promise<void> {
  await using file = await open(path, 'r');
  for (let at = 0; at < bytes.length; ) {
    const { bytesRead } = await file.read(bytes, at, bytes.length - at, offsetBytes + at);
    if (bytesRead === 0)
      throw new Failure('ERR_MEDIA_TRUNCATED', 'A sound file ends before its announced length.', {
        why: `${bytes.length - at} of ${bytes.length} bytes are missing.`,
      });
    at += bytesRead;
  }
}

export const bytesOf = (samples: Int16Array<ArrayBuffer> | Float32Array<ArrayBuffer>): Uint8Array<ArrayBuffer> =>
  new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength);

const UNIT = 1 / 32768;

/** Mono samples as -1..1, into `floats`. A plain loop: `Float32Array.from` with a function takes 20 times as long. */
export function toFloats(samples: Int16Array, floats: Float32Array<ArrayBuffer>): Float32Array<ArrayBuffer> {
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
  splitStereoInto([left, right], samples, at);
  return [left, right];
}

/** The same into channels that are there. */
export function splitStereoInto(
  [left, right]: readonly [Float32Array, Float32Array],
  samples: Int16Array,
  at: number,
): void {
  const count = Math.max(0, Math.min(left.length - at, samples.length >> 1));
  for (const channel of [left, right]) channel.fill(0, 0, at).fill(0, at + count);
  for (let frame = 0; frame < count; frame += 1) {
    left[at + frame] = (samples[2 * frame] as number) * UNIT;
    right[at + frame] = (samples[2 * frame + 1] as number) * UNIT;
  }
}

/** Fills `samples` with two channels from frame `from` on, interleaved. */
export function joinStereo(
  [left, right]: readonly [Float32Array, Float32Array],
  from: number,
  samples: Int16Array,
): void {
  for (let frame = from, at = 0; at < samples.length; frame += 1, at += 2) {
    samples[at] = toInt16(left[frame] as number);
    samples[at + 1] = toInt16(right[frame] as number);
  }
}

const toInt16 = (value: number): number => {
  const scaled = Math.floor(value * 32768 + 0.5);
  return scaled > 32767 ? 32767 : scaled < -32768 ? -32768 : scaled;
};
