import { describe, expect, it } from 'vitest';
import { cutAdts } from './adts.ts';

/** An ADTS frame of `bytes` in all whose content is `mark`. */
function frame(bytes: number, mark: number): Buffer {
  const made = Buffer.alloc(bytes, mark);
  made.set([0xff, 0xf1, 0x4c, 0x80 | (bytes >> 11), (bytes >> 3) & 0xff, ((bytes & 7) << 5) | 0x1f, 0xfc]);
  return made;
}
const STREAM = [frame(20, 1), frame(300, 2), frame(2100, 3), frame(9, 4)];

describe('cutting ADTS', () => {
  it('takes whole frames after those that are skipped', () => {
    expect(cutAdts(Buffer.concat(STREAM), 1, 2)).toEqual(Buffer.concat(STREAM.slice(1, 3)));
  });

  it('refuses a stream with fewer frames, half a frame or something else', () => {
    for (const stream of [Buffer.concat(STREAM), Buffer.concat(STREAM).subarray(0, -1), Buffer.from('no frames here')])
      expect(() => cutAdts(stream, 1, 4)).toThrow(expect.objectContaining({ code: 'ERR_MEDIA_TOOL' }));
  });
});
