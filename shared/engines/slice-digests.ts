import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { Failure } from '../contract/failure.ts';
import type { Digest } from '../contract/ids.ts';
import type { AudioRef } from '../contract/media.ts';

/** sha256 of the bytes an audio reference stands for. */
export type SliceDigest = (ref: AudioRef) => Promise<Digest>;

const CHUNK_BYTES = 1 << 20;

/**
 * Slice digests of stored objects, each hashed once in the life of the process; a slice that is the whole object has its digest already.
 * @param objectPath absolute path of an object
 * @throws Failure ERR_INTERNAL when a slice reaches past the end of its object
 */
export function createSliceDigests(objectPath: (digest: Digest) => string): SliceDigest {
  const known = new Map<string, Promise<Digest>>();
  let line: Promise<unknown> = Promise.resolve();
  return (ref) => {
    const key = `${ref.$audio} ${ref.offsetBytes} ${ref.lengthBytes}`;
    const before = known.get(key);
    if (before !== undefined) return before;
    // One after the other: a short slice must not overtake a long one, so that tasks are queued in the order of the film.
    const digest = line.then(() => hashSlice(objectPath(ref.$audio), ref));
    known.set(key, digest);
    line = digest.catch(() => known.delete(key));
    return digest;
  };
}

async function hashSlice(path: string, ref: AudioRef): Promise<Digest> {
  await using file = await open(path, 'r');
  const { size } = await file.stat();
  if (ref.offsetBytes === 0 && ref.lengthBytes === size) return ref.$audio;
  if (ref.offsetBytes + ref.lengthBytes > size)
    throw new Failure('ERR_INTERNAL', 'A stage named samples that do not exist.', {
      why: `Bytes ${ref.offsetBytes} to ${ref.offsetBytes + ref.lengthBytes} of an object of ${size} bytes.`,
    });
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, ref.lengthBytes));
  for (let at = 0; at < ref.lengthBytes; ) {
    const length = Math.min(buffer.length, ref.lengthBytes - at);
    const { bytesRead } = await file.read(buffer, 0, length, ref.offsetBytes + at);
    if (bytesRead === 0) throw new Failure('ERR_INTERNAL', 'A stored object became shorter while it was read.');
    hash.update(buffer.subarray(0, bytesRead));
    at += bytesRead;
  }
  return `sha256:${hash.digest('hex')}` as Digest;
}
