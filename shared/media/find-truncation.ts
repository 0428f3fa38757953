import type { FileHandle } from 'node:fs/promises';

/** Reads `length` bytes at `offset`; fewer at the end of the file. */
export type ReadAt = (offset: number, length: number) => Promise<Buffer>;

export const reader =
  (file: FileHandle): ReadAt =>
  async (offset, length) => {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, offset);
    return buffer.subarray(0, bytesRead);
  };

/**
 * Compares what a container declares with the size of its file, without reading the media in it: MP4 boxes, RIFF and Matroska
 * segment sizes. Returns a sentence with figures when bytes are missing, undefined when nothing says so.
 */
export async function findTruncation(readAt: ReadAt, fileBytes: number): Promise<string | undefined> {
  const head = await readAt(0, 64);
  const tag = head.toString('latin1', 0, 4);
  if (tag === 'RIFF') return riffTruncation(head, fileBytes);
  if (head.length >= 4 && head.readUInt32BE(0) === 0x1a45dfa3) return matroskaTruncation(head, fileBytes);
  if (/^(ftyp|moov|mdat|wide|free|skip|pnot)$/.test(head.toString('latin1', 4, 8)))
    return mp4Truncation(readAt, fileBytes);
  return undefined;
}

const shortBy = (what: string, declared: number, fileBytes: number): string =>
  `${what} announces ${declared} bytes, the file has ${fileBytes}: ${declared - fileBytes} are missing.`;

function riffTruncation(head: Buffer, fileBytes: number): string | undefined {
  if (head.length < 12) return `The file ends inside its header, after ${fileBytes} bytes.`;
  const size = head.readUInt32LE(4);
  // A program that writes to a pipe cannot know the size and leaves 0 or the largest number.
  if (size === 0 || size >= 0xffff_ff00 || size + 8 <= fileBytes) return undefined;
  return shortBy('The RIFF header', size + 8, fileBytes);
}

/** Walks the boxes of the top level, https://www.w3.org/TR/mse-byte-stream-format-isobmff/ and ISO/IEC 14496-12 §4.2. */
async function mp4Truncation(readAt: ReadAt, fileBytes: number): Promise<string | undefined> {
  let offset = 0;
  let index = false;
  for (let boxes = 0; boxes < 100_000 && offset < fileBytes; boxes += 1) {
    const header = await readAt(offset, 16);
    if (header.length < 8) break;
    const type = header.toString('latin1', 4, 8);
    index ||= type === 'moov' || type === 'moof';
    const size = header.readUInt32BE(0);
    if (size === 0) return index ? undefined : noIndex(fileBytes);
    const whole = size === 1 && header.length === 16 ? Number(header.readBigUInt64BE(8)) : size;
    // Zeros or rubbish behind the last box is padding, as some cameras leave it.
    if (whole < 8 || !/^[\x20-\x7e\u00a9]{4}$/.test(type)) break;
    if (offset + whole > fileBytes)
      return shortBy(`The MP4 box "${type}" and what is before it`, offset + whole, fileBytes);
    offset += whole;
  }
  return index ? undefined : noIndex(fileBytes);
}

const noIndex = (fileBytes: number): string =>
  `The MP4 index (the box "moov") is missing in ${fileBytes} bytes: the recording or the copy was cut off.`;

/** EBML header, then the segment with its size: RFC 8794 §4 and RFC 9559. */
function matroskaTruncation(head: Buffer, fileBytes: number): string | undefined {
  const header = ebmlSize(head, 4);
  if (header === undefined || header.value === undefined) return undefined;
  const segment = header.next + header.value;
  if (segment + 5 > head.length || head.readUInt32BE(segment) !== 0x18538067) return undefined;
  const size = ebmlSize(head, segment + 4);
  if (size === undefined || size.value === undefined || size.next + size.value <= fileBytes) return undefined;
  return shortBy('The Matroska segment', size.next + size.value, fileBytes);
}

/** A size of 1 to 8 bytes; its value is undefined when all bits are one, which stands for "not known". */
function ebmlSize(
  bytes: Buffer,
  at: number,
): { readonly value: number | undefined; readonly next: number } | undefined {
  const first = bytes[at];
  if (first === undefined || first === 0) return undefined;
  const length = Math.clz32(first) - 23;
  if (at + length > bytes.length) return undefined;
  const all = BigInt(`0x${bytes.toString('hex', at, at + length)}`);
  const mask = (1n << BigInt(7 * length)) - 1n;
  const value = all & mask;
  return { value: value === mask ? undefined : Number(value), next: at + length };
}
