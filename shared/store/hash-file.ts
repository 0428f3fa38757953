import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Failure } from '../contract/failure.ts';
import type { Digest } from '../contract/ids.ts';
import { errorCode, onDisk } from './disk-failure.ts';

/** Bytes and digest of one file. */
export interface Stored {
  readonly digest: Digest;
  readonly bytes: number;
}

export interface HashOptions {
  readonly signal?: AbortSignal;
  /** Called after each read with the bytes hashed so far. */
  readonly onBytes?: (done: number) => void;
}

const READ_BYTES = 1 << 20;

/** sha256 of a file's bytes; the event loop is held for one read's worth of hashing at a time. Errors of node:fs pass as they are. */
export async function hashFile(path: string, options: HashOptions = {}): Promise<Stored> {
  await using handle = await open(path, 'r');
  return await hashHandle(handle, options);
}

/** As `hashFile`, from where the handle stands. */
export async function hashHandle(handle: FileHandle, options: HashOptions = {}): Promise<Stored> {
  const hash = createHash('sha256');
  let bytes = 0;
  await forEachChunk(handle, (chunk) => {
    options.signal?.throwIfAborted();
    hash.update(chunk);
    bytes += chunk.length;
    options.onBytes?.(bytes);
  });
  return { digest: `sha256:${hash.digest('hex')}` as Digest, bytes };
}

/**
 * Copies a regular file to the new file `to`, hashing what is written, syncs it when `sync` is set and makes it read-only (0444).
 * The source may be on another file system. Whatever fails, `to` is gone. Throws ERR_STAGE_OUTPUT for a link, a folder or a device,
 * ERR_DISK_FULL, ERR_NOT_WRITABLE.
 */
export async function copyHashing(from: string, to: string, options: { readonly sync: boolean }): Promise<Stored> {
  await using source = await openRegular(from);
  const { size } = await source.stat();
  return await onDisk({ folder: dirname(to), neededBytes: size }, async () => {
    await using target = await open(to, 'wx', 0o600);
    try {
      const hash = createHash('sha256');
      let bytes = 0;
      await forEachChunk(source, async (chunk) => {
        const written = writeAll(target, chunk);
        hash.update(chunk);
        bytes += chunk.length;
        await written;
      });
      await target.chmod(0o444);
      if (options.sync) await target.sync();
      return { digest: `sha256:${hash.digest('hex')}` as Digest, bytes };
    } catch (error) {
      await rm(to, { force: true });
      throw error;
    }
  });
}

/** Opens a file for reading that is a regular file by its own name; a link could point anywhere. Throws ERR_STAGE_OUTPUT. */
export async function openRegular(path: string): Promise<FileHandle> {
  const refuse = (what: string, cause?: unknown): Failure =>
    new Failure('ERR_STAGE_OUTPUT', `${path} is ${what}.`, {
      why: 'Only regular files are stored.',
      ...(cause === undefined ? {} : { cause }),
    });
  let handle: FileHandle;
  try {
    // O_NONBLOCK: a named pipe without a writer must not hang the runner.
    handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (errorCode(error) === 'ELOOP') throw refuse('a symbolic link', error);
    if (errorCode(error) === 'ENOENT') throw refuse('missing', error);
    throw error;
  }
  if ((await handle.stat()).isFile()) return handle;
  await handle.close();
  throw refuse('not a regular file');
}

/** Hands on the file chunk by chunk; the next read is under way while a chunk is used. */
async function forEachChunk(handle: FileHandle, use: (chunk: Uint8Array) => void | Promise<void>): Promise<void> {
  const { size } = await handle.stat();
  const length = Math.min(READ_BYTES, size + 1);
  let current = Buffer.allocUnsafe(length);
  let next = Buffer.allocUnsafe(length);
  let pending = handle.read(current, 0, length, null);
  for (;;) {
    const { bytesRead } = await pending;
    if (bytesRead === 0) return;
    const chunk = current.subarray(0, bytesRead);
    pending = handle.read(next, 0, length, null);
    // When `use` throws nobody awaits this read any more; its own error is then of no interest.
    pending.catch(() => {});
    await use(chunk);
    [current, next] = [next, current];
  }
}

async function writeAll(handle: FileHandle, chunk: Uint8Array): Promise<void> {
  for (let offset = 0; offset < chunk.length; ) {
    offset += (await handle.write(chunk, offset, chunk.length - offset)).bytesWritten;
  }
}
