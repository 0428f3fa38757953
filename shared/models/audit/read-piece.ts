import { closeSync, constants, openSync, readSync } from 'node:fs';

/** A file of which a few pieces are read. */
export interface Pieces {
  readonly size: number;
  /** Bytes `[from, from + length)`, fewer at its end. Valid until the next file is opened. */
  at(from: number, length: number): Buffer;
}

/** Most of what is looked at lies at the start, so that one read serves it. */
const HEAD_BYTES = 4096;
/** Used again for each file: reads are synchronous and nobody keeps what was read. */
const head = Buffer.alloc(HEAD_BYTES);

/** Opens a file for some small reads and closes it. Errors of node:fs pass as they are. */
export function withPieces<T>(path: string, size: number, look: (pieces: Pieces) => T): T {
  // A named pipe without a writer must not hang the audit.
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const filled = readInto(fd, head.subarray(0, Math.min(HEAD_BYTES, size)), 0);
    return look({
      size,
      at(from, length) {
        const end = Math.min(from + length, size);
        if (end <= filled) return head.subarray(from, Math.max(from, end));
        const piece = Buffer.allocUnsafe(Math.max(0, end - from));
        return piece.subarray(0, readInto(fd, piece, from));
      },
    });
  } finally {
    closeSync(fd);
  }
}

function readInto(fd: number, buffer: Buffer, from: number): number {
  let filled = 0;
  while (filled < buffer.length) {
    const read = readSync(fd, buffer, filled, buffer.length - filled, from + filled);
    if (read === 0) break;
    filled += read;
  }
  return filled;
}
