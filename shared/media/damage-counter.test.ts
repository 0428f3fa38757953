import { expect, it } from 'vitest';
import { createDamageCounter } from './damage-counter.ts';
import { createProgressFeed } from './progress-feed.ts';

const count = (...lines: readonly string[]) => {
  const counter = createDamageCounter();
  for (const line of lines) counter.push(line);
  return { count: counter.count(), lines: counter.lines() };
};

it('errors about the sound are damage, without the address that changes with every run', () => {
  const found = count(
    '[aac @ 0x55d0c8] [error] channel element 2.10 is not allocated',
    '[error] Error while decoding stream #0:0: Invalid data found when processing input',
    '[mov,mp4,m4a,3gp,3g2,mj2 @ 0x55] [error] stream 0, offset 0x2c: partial file',
  );
  expect(found.count).toBe(3);
  expect(found.lines[0]).toBe('aac: channel element 2.10 is not allocated');
});

it('a line that ffmpeg says was repeated counts as often', () => {
  expect(count('[mp3float @ 0x1] [error] Header missing', '    Last message repeated 41 times').count).toBe(42);
  expect(count('[warning] Guessed Channel Layout', '    Last message repeated 41 times').count).toBe(0);
});

it('a warning is damage only when it says so', () => {
  expect(count('[mpegts @ 0x1] [warning] Packet corrupt (stream = 0, dts = 9000).').count).toBe(1);
  expect(count('[warning] Guessed Channel Layout for Input Stream #0.0 : mono').count).toBe(0);
});

it('pictures, our own limits and the muxer are no damage', () => {
  const found = count(
    '[h264 @ 0x1] [error] non-existing PPS 0 referenced',
    "[png @ 0x1] [error] Codec (png) not on whitelist 'aac'",
    '[s16le @ 0x1] [error] Application provided invalid, non monotonically increasing dts to muxer in stream 0: 2 >= 1',
  );
  expect(found).toEqual({ count: 0, lines: [] });
});

it('a hundred lines are kept, all are counted', () => {
  const found = count(...Array.from({ length: 500 }, (_, index) => `[aac @ 0x1] [error] bad frame ${index}`));
  expect(found.count).toBe(500);
  expect(found.lines).toHaveLength(100);
});

it('progress only goes forward, however its bytes come', () => {
  const seen: number[] = [];
  const feed = createProgressFeed((ms) => seen.push(ms));
  const text =
    'out_time_us=N/A\nprogress=continue\nout_time_us=1000000\nout_time_us=500000\nout_time_us=2000400\nprogress=end\n';
  for (const byte of Buffer.from(text)) feed.push(Uint8Array.of(byte));
  expect(seen).toEqual([1000, 2000]);
  expect(feed.reachedMs()).toBe(2000);
});
