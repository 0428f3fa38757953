import { createHash } from 'node:crypto';
import { type FileHandle, open, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Digest } from '../../contract/ids.ts';
import { onDisk } from '../../store/disk-failure.ts';
import type { Stored } from '../../store/hash-file.ts';
import { stopIfAborted } from './stop-if-aborted.ts';

export interface CopyOptions {
  readonly signal?: AbortSignal | undefined;
  /** Called with the bytes of each piece that was read. */
  readonly onBytes?: ((bytes: number) => void) | undefined;
}

const READ_BYTES = 1 << 20;

/**
 * Writes pieces to the new file `to`, hashing them, syncs it and makes it read-only (0444). Whatever fails, `to` is gone. Throws ERR_DISK_FULL,
 * ERR_NOT_WRITABLE, ERR_CANCELLED; errors of the source pass as they are.
 */
export function writeHashing(
  pieces: AsyncIterable<Uint8Array>,
  to: string,
  { signal, onBytes }: CopyOptions = {},
): Promise<Stored> {
  return onDisk({ folder: dirname(to) }, async () => {
    await using target = await open(to, 'wx', 0o600);
    try {
      const hash = createHash('sha256');
      let bytes = 0;
      for await (const piece of pieces) {
        stopIfAborted(signal);
        const written = writeAll(target, piece);
        hash.update(piece);
        bytes += piece.length;
        await written;
        onBytes?.(piece.length);
      }
      stopIfAborted(signal);
      await target.chmod(0o444);
      await target.sync();
      return { digest: `sha256:${hash.digest('hex')}` as Digest, bytes };
    } catch (error) {
      await rm(to, { force: true });
      throw error;
    }
  });
}

/** As `writeHashing`, from a file; a link is followed. */
export async function copyVerifiably(from: string, to: string, options: CopyOptions = {}): Promise<Stored> {
  await using source = await open(from, 'r');
  return await writeHashing(source.createReadStream({ highWaterMark: READ_BYTES, autoClose: false }), to, options);
}

async function writeAll(handle: FileHandle, piece: Uint8Array): Promise<void> {
  for (let offset = 0; offset < piece.length; )
    offset += (await handle.write(piece, offset, piece.length - offset)).bytesWritten;
}
