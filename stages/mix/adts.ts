import { Failure } from '../../shared/contract/failure.ts';

const HEADER_BYTES = 7;

/**
 * Cuts whole AAC frames out of an ADTS stream (ISO/IEC 14496-3, 1.A.2): `count` of them after the first `skip`.
 * @throws Failure ERR_MEDIA_TOOL when there are fewer, or the bytes are no ADTS
 */
export function cutAdts(stream: Buffer, skip: number, count: number): Buffer {
  let at = 0;
  let start = 0;
  for (let frame = 0; frame < skip + count; frame += 1) {
    if (frame === skip) start = at;
    const isHeader =
      at + HEADER_BYTES <= stream.length && stream[at] === 0xff && ((stream[at + 1] as number) & 0xf6) === 0xf0;
    // 13 bits over three bytes, header included.
    const bytes = isHeader ? (stream.readUInt32BE(at + 3) >>> 13) & 0x1fff : 0;
    if (bytes < HEADER_BYTES || at + bytes > stream.length)
      throw new Failure('ERR_MEDIA_TOOL', 'The encoder of the dub stopped early.', {
        why: `AAC frame ${frame} of ${skip + count} is not whole.`,
      });
    at += bytes;
  }
  return stream.subarray(start, at);
}
