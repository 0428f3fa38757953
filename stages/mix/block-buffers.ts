import { bytesOf, readBytes, toFloats } from './pcm-slice.ts';
import { MAX_BLOCK_FRAMES } from './plan-blocks.ts';

/** What mixing one block needs in memory, 46 MB. */
export interface BlockBuffers {
  readonly left: Float32Array<ArrayBuffer>;
  readonly right: Float32Array<ArrayBuffer>;
  /** The gains of the original, then one voice after the other. */
  readonly work: Float32Array<ArrayBuffer>;
  /** What was read, and at the end what is encoded: interleaved stereo. */
  readonly pcm: Int16Array<ArrayBuffer>;
}

/** Runs its argument alone with the buffers. */
export type WithBuffers = <T>(mixing: (buffers: BlockBuffers) => Promise<T>) => Promise<T>;

/**
 * One set of buffers for all blocks of a mix. Mixing is work of this one thread, so a second set would bring nothing; what other programs do
 * for a block happens before and after, beside the mixing of the next ones.
 */
export function createBlockBuffers(): WithBuffers {
  const buffers: BlockBuffers = {
    left: new Float32Array(MAX_BLOCK_FRAMES),
    right: new Float32Array(MAX_BLOCK_FRAMES),
    work: new Float32Array(MAX_BLOCK_FRAMES),
    pcm: new Int16Array(2 * MAX_BLOCK_FRAMES),
  };
  let before: Promise<unknown> = Promise.resolve();
  return (mixing) => {
    const mixed = before.then(() => mixing(buffers));
    before = mixed.catch(() => undefined);
    return mixed;
  };
}

/** A clip as mono samples of -1..1, in `left` unless it is longer than a block. */
export async function readVoice(path: string, samples: number, { left, pcm }: BlockBuffers): Promise<Float32Array> {
  const fits = samples <= left.length;
  const read = fits ? pcm.subarray(0, samples) : new Int16Array(samples);
  await readBytes(path, 0, bytesOf(read));
  return toFloats(read, fits ? left.subarray(0, samples) : new Float32Array(samples));
}
