import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { Failure } from '../../shared/contract/failure.ts';
import type { Utterance, VoiceClip } from '../../shared/contract/utterance.ts';
import { runStage } from '../../tests/helpers/run-stage.ts';
import { synthesize } from './stage.ts';

const RATE = 16_000;
const dir = mkdtempSync(join(tmpdir(), 'synthesize-'));
afterAll(() => rmSync(dir, { recursive: true }));

const line = (id: string, startMs: number, endMs: number, text = 'Olá.'): Utterance => ({
  ...{ id, startMs, endMs, language: 'pt-BR', text, words: [], estimated: false },
});

/** Speaks every text as a tone of `lengthMs` at rate 1, with 200 ms of silence around it. */
function run(lines: readonly Utterance[], lengthMs: number | ((text: string) => number), params = {}) {
  const objects = new Map<string, string>();
  const answer = (_role: string, request: unknown) => {
    const { text, rate } = request as { text: string; rate: number };
    const length = typeof lengthMs === 'number' ? lengthMs : lengthMs(text);
    if (length < 0) throw new Failure('ERR_ENGINE_REFUSED', 'no letters');
    const speech = Math.round((length / rate) * (RATE / 1000));
    const pcm = new Int16Array(speech + (RATE / 1000) * 400);
    for (let at = 0; at < speech; at += 1) pcm[at + (RATE / 1000) * 200] = Math.round(9000 * Math.sin(at / 3));
    const bytes = Buffer.from(pcm.buffer);
    const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
    const path = join(dir, digest.slice(7));
    writeFileSync(path, bytes);
    objects.set(digest, path);
    return { audio: { $object: digest, bytes: bytes.length }, sampleRateHz: RATE, samples: pcm.length };
  };
  const media = {
    probe: () => Promise.reject(new Error('no ffprobe here')),
    ffmpeg: async (command: {
      inputs: readonly { path: string }[];
      outputs: readonly { path: string; options: readonly string[] }[];
    }) => {
      const factor = Number(/atempo=([\d.]+)/.exec(command.outputs[0]?.options.join(' ') ?? '')?.[1]);
      const pcm = readFileSync(command.inputs[0]?.path ?? '');
      writeFileSync(command.outputs[0]?.path ?? '', pcm.subarray(0, Math.round(pcm.length / factor / 2) * 2));
      return { reachedMs: 0, damageLines: [], damageCount: 0, stderrTail: [] };
    },
  };
  const settings = { language: 'pt-BR', filmMs: 60_000, ...params };
  return runStage(synthesize, { params: settings, inputs: { utterances: lines }, answer, objects, media });
}

const clipsOf = (result: Awaited<ReturnType<typeof run>>): VoiceClip[] => result.streams.clips as VoiceClip[];

describe('synthesize', () => {
  it('lets a line use the silence up to 100 ms before the next one, and the last line the rest of the film', async () => {
    const clips = clipsOf(await run([line('a', 1000, 2000), line('b', 5000, 6000)], 3000));
    expect(clips.map(({ slotMs }) => slotMs)).toEqual([3900, 55_000]);
    expect(clips.map(({ rate, stretch, fits }) => [rate, stretch, fits])).toEqual([
      [1, 1, true],
      [1, 1, true],
    ]);
  });

  it('gives a line its own span when the next one starts at once or earlier', async () => {
    const clips = clipsOf(await run([line('a', 0, 2000), line('b', 1500, 3000), line('c', 3000, 4000)], 500));
    expect(clips.map(({ slotMs }) => slotMs)).toEqual([2000, 1500, 57_000]);
  });

  it('places speech without the silence that the engine put before it', async () => {
    const [clip] = clipsOf(await run([line('a', 1000, 2000)], 1000));
    expect(((clip?.samples ?? 0) * 1000) / RATE).toBeGreaterThan(1000);
    expect(((clip?.samples ?? 0) * 1000) / RATE).toBeLessThan(1035);
    expect(clip).toMatchObject({ startMs: 1000, lineMs: 1000 });
  });

  it('hurries a long line and says nothing about it when it fits then', async () => {
    const result = await run([line('a', 0, 2500), line('b', 2500, 9000)], 3000);
    const [clip] = clipsOf(result);
    expect(clip?.rate).toBeGreaterThan(1.19);
    expect(clip?.fits).toBe(true);
    expect(result.warnings).toEqual([]);
    expect(result.figures).toMatchObject({ lines: 2, linesThatDoNotFit: 0, linesHurried: 1 });
  });

  it('lists a line that is too long even when hurried, and keeps it whole at its own start', async () => {
    const result = await run([line('a', 0, 1000), line('b', 1000, 9000)], 3000);
    const [clip] = clipsOf(result);
    expect(clip?.fits).toBe(false);
    expect(clip?.startMs).toBe(0);
    expect((clip?.rate ?? 0) * (clip?.stretch ?? 0)).toBeLessThanOrEqual(1.4);
    expect(result.warnings).toHaveLength(1);
    expect(result.warnings[0]).toMatchObject({ code: 'line-does-not-fit', data: { id: 'a' } });
    expect(Number(result.warnings[0]?.data?.overMs)).toBeGreaterThan(1000);
    expect(result.figures.linesThatDoNotFit).toBe(1);
  });

  it('asks no engine for a line without letters', async () => {
    const result = await run([line('a', 0, 1000, '♪ … ♪'), line('b', 2000, 4000)], 1000);
    expect(result.calls).toHaveLength(1);
    expect(clipsOf(result).map(({ utteranceId }) => utteranceId)).toEqual(['b']);
    expect(result.warnings).toEqual([]);
  });

  it('warns about a line that the engine refuses or answers with silence, and speaks the others', async () => {
    const lines = [line('a', 0, 900, 'refused'), line('b', 1000, 1900, 'silent'), line('c', 2000, 4000, 'good')];
    const result = await run(lines, (text) => ({ refused: -1, silent: 0 })[text] ?? 800);
    expect(clipsOf(result).map(({ utteranceId }) => utteranceId)).toEqual(['c']);
    expect(result.warnings.map(({ code, data }) => [code, data?.id])).toEqual([
      ['line-not-spoken', 'a'],
      ['line-not-spoken', 'b'],
    ]);
    expect(result.figures.linesNotSpoken).toBe(2);
  });

  it('fails when no line at all could be spoken', async () => {
    await expect(run([line('a', 0, 900)], -1)).rejects.toMatchObject({ code: 'ERR_ENGINE_REPLY' });
  });

  it('makes no clip and no failure of a film without speech', async () => {
    expect(clipsOf(await run([], 1000))).toEqual([]);
  });

  it('passes the wanted voice on', async () => {
    const result = await run([line('a', 0, 4000)], 1000, { voice: 'pt-br' });
    expect(result.calls[0]?.request).toMatchObject({ voice: 'pt-br', language: 'pt-BR', rate: 1, text: 'Olá.' });
  });
});
