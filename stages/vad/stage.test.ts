import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { runStage } from '../../tests/helpers/run-stage.ts';
import { vad } from './stage.ts';

const dir = mkdtempSync(join(tmpdir(), 'vad-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

interface Request {
  readonly audio: { readonly offsetBytes: number; readonly lengthBytes: number; readonly format: string };
}

/** A film of this many frames of 32 ms in which the frames of `speech` are speech. */
function film(frames: number, ...speech: readonly (readonly [number, number])[]) {
  const path = join(dir, `${frames}.pcm`);
  writeFileSync(path, Buffer.alloc(frames * 1024));
  const answer = (_role: string, request: unknown) => {
    const { audio } = request as Request;
    const first = audio.offsetBytes / 1024;
    const probabilities = Array.from({ length: Math.ceil(audio.lengthBytes / 1024) }, (_, n) =>
      speech.some(([from, to]) => first + n >= from && first + n < to) ? 0.9 : 0.1,
    );
    return { frameMs: 32, probabilities };
  };
  return { inputs: { speech: path }, answer };
}

test('speech across the seam of two windows is one region', async () => {
  const { streams, calls, figures } = await runStage(vad, film(8000, [100, 150], [7600, 7800]));
  expect(calls).toHaveLength(2);
  expect(streams.regions).toEqual([
    { startMs: 100 * 32 - 150, endMs: 150 * 32 + 150 },
    { startMs: 7600 * 32 - 150, endMs: 7800 * 32 + 150 },
  ]);
  expect(figures).toEqual({ regions: 2, speechMs: 1600 + 300 + 6400 + 300 });
});

test('a clip selects regions and changes no request, so that nothing is analysed again', async () => {
  const whole = film(8000, [100, 150], [200, 300], [7600, 7800]);
  const all = await runStage(vad, whole);
  const clip = await runStage(vad, { ...whole, params: { clipStartMs: 7000, clipEndMs: 100_000 } });
  expect(clip.streams.regions).toEqual([{ startMs: 7000, endMs: 300 * 32 + 150 }]);
  expect(clip.calls).toEqual(all.calls);
});

test('a film without speech succeeds with a warning and no regions', async () => {
  const { streams, warnings } = await runStage(vad, film(50));
  expect(streams.regions).toEqual([]);
  expect(warnings.map(({ code }) => code)).toEqual(['no-speech']);
});

test('an empty sound is a film without speech', async () => {
  const { streams, warnings, calls } = await runStage(vad, film(0));
  expect([streams.regions, warnings.length, calls.length]).toEqual([[], 1, 0]);
});

test('a detector that answers for another number of frames is not believed', async () => {
  const answer = () => ({ frameMs: 32, probabilities: [0.9] });
  await expect(runStage(vad, { ...film(50), answer })).rejects.toMatchObject({ code: 'ERR_ENGINE_REPLY' });
});
