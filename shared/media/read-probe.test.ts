import { expect, it } from 'vitest';
import { readProbe } from './read-probe.ts';

const probe = (format: object, ...streams: readonly object[]) =>
  readProbe(
    JSON.stringify({
      format: { format_name: 'x', ...format },
      streams: streams.map((stream, index) => ({ index, ...stream })),
    }),
  );

it('times count from the start of the container', () => {
  const { startTimeMs, durationMs, streams } = probe(
    { start_time: '1.400000', duration: '8.000000' },
    { codec_type: 'video', start_time: '1.400000', duration: '8.000000' },
    { codec_type: 'audio', start_time: '2.900000', duration: '5.000000' },
  );
  expect({ startTimeMs, durationMs }).toEqual({ startTimeMs: 1400, durationMs: 8000 });
  expect(streams.map(({ startMs }) => startMs)).toEqual([0, 1500]);
});

it('a Matroska stream ends where its tag says, on the clock that starts at 0', () => {
  const { durationMs, streams } = probe(
    { start_time: '3.000000', duration: '13.000000' },
    { codec_type: 'audio', start_time: '4.000000', tags: { DURATION: '00:00:12.500000000' } },
  );
  expect(streams[0]).toMatchObject({ startMs: 1000, durationMs: 8500 });
  expect(durationMs).toBe(9500);
});

it('a container without stream lengths has its own, less what comes before its start', () => {
  const { durationMs } = probe({ start_time: '3.0', duration: '13.0' }, { codec_type: 'audio', start_time: '3.0' });
  expect(durationMs).toBe(10_000);
});

it('cover art and captions do not lengthen a film', () => {
  const { durationMs, streams } = probe(
    { start_time: '0', duration: '60' },
    { codec_type: 'audio', start_time: '0', duration: '5' },
    { codec_type: 'video', duration: '60', disposition: { attached_pic: 1 } },
    { codec_type: 'subtitle', duration: '60' },
  );
  expect(durationMs).toBe(5000);
  expect(streams[1]?.video?.coverArt).toBe(true);
});

it('what ffprobe leaves out is null or zero, never a guess', () => {
  const { durationMs, startTimeMs, streams } = probe(
    {},
    { codec_type: 'audio' },
    { codec_type: 'video', avg_frame_rate: '0/0' },
    {},
  );
  expect({ durationMs, startTimeMs }).toEqual({ durationMs: 0, startTimeMs: 0 });
  expect(streams[0]).toMatchObject({ codec: 'unknown', language: null, startMs: 0, durationMs: null, default: false });
  expect(streams[1]?.video).toMatchObject({ framesPerSecond: null });
  expect(streams[2]?.type).toBe('other');
});

it('something else than a report is a bug, not an empty film', () => {
  expect(() => readProbe('{}')).toThrow();
  expect(() => readProbe('[h264] oops')).toThrow();
});
