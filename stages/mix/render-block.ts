import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { z } from 'zod';
import type { AudioRef } from '../../shared/contract/media.ts';
import { ObjectRef } from '../../shared/contract/media.ts';
import type { MediaActions, StepResult } from '../../shared/contract/stage.ts';
import { limitPeaks } from '../../shared/media/limiter.ts';
import { type Energy, measureEnergies } from '../../shared/media/loudness.ts';
import { cutAdts } from './adts.ts';
import { type BlockBuffers, readVoice, type WithBuffers } from './block-buffers.ts';
import { duckEnvelope } from './duck.ts';
import { bytesOf, joinStereo, readBytes, splitStereoInto } from './pcm-slice.ts';
import { placeClips } from './place-voices.ts';
import { AAC_FRAME, type BlockRequest, ROLL_AAC_FRAMES, SAMPLE_RATE } from './plan-blocks.ts';

/** Encoding at 160 kbit/s adds peaks of its own: up to 0.1 dB on speech, 0.7 dB on noise and tones driven hard into the limiter. */
const ENCODER_MARGIN_DB = 1.2;

export const BlockReply = z.object({
  /** ADTS, whole frames. */
  aac: ObjectRef,
  /** Of the block's own part, every 100 ms. */
  energies: z.array(z.object({ sum: z.number(), frames: z.int() })),
  /** Frames the limiter turned down. */
  limited: z.int(),
});

export interface BlockTools {
  readonly dir: string;
  readonly media: MediaActions;
  readonly withBuffers: WithBuffers;
  open(reference: ObjectRef | AudioRef): string;
}

const toGain = (decibels: number): number => 10 ** (decibels / 20);

/** Mixes and encodes one block. Every loop is under 50 ms on one core; other work runs between them. */
export async function renderBlock(request: BlockRequest, tools: BlockTools): Promise<StepResult> {
  const voices = await renderVoices(request, tools);
  const raw = join(tools.dir, 'mix.pcm');
  const value = await tools.withBuffers(async (buffers) => {
    const { pcm, ...measured } = await mixBlock(request, { voices, buffers, open: tools.open });
    await writeFile(raw, pcm);
    return measured;
  });
  await Promise.all(voices.map((path) => rm(path)));
  return { value, files: { aac: await encode(raw, request, tools) } };
}

/** The sound of one block before encoding; it lies in `buffers`. */
async function mixBlock(
  request: BlockRequest,
  tools: { readonly voices: readonly string[]; readonly buffers: BlockBuffers; readonly open: BlockTools['open'] },
): Promise<{ readonly pcm: Uint8Array; readonly energies: readonly Energy[]; readonly limited: number }> {
  const { voices, buffers } = tools;
  const { frames, own, levels } = request;
  const { offsetBytes, lengthBytes } = request.programme;
  const left = buffers.left.subarray(0, frames);
  const right = buffers.right.subarray(0, frames);
  const work = buffers.work.subarray(0, frames);
  const heard = buffers.pcm.subarray(0, lengthBytes >> 1);
  await readBytes(tools.open(request.programme), offsetBytes, bytesOf(heard));
  splitStereoInto([left, right], heard, request.silenceBefore);
  await setImmediate();
  duckEnvelope(work, request.ducks, levels.duckDb);
  const original = toGain(levels.programmeDb);
  for (let at = 0; at < frames; at += 1) {
    const gain = (work[at] as number) * original;
    left[at] = (left[at] as number) * gain;
    right[at] = (right[at] as number) * gain;
  }
  for (const path of voices) {
    await setImmediate();
    const { size } = await stat(path);
    const bytes = bytesOf(work).subarray(0, size & ~3);
    await readBytes(path, 0, bytes);
    const count = bytes.length >> 2;
    for (let at = 0; at < count; at += 1) {
      left[at] = (left[at] as number) + (work[at] as number);
      right[at] = (right[at] as number) + (work[at] as number);
    }
  }
  await setImmediate();
  const trim = toGain(levels.trimDb);
  for (let at = 0; at < frames; at += 1) {
    left[at] = (left[at] as number) * trim;
    right[at] = (right[at] as number) * trim;
  }
  await setImmediate();
  const ceiling = toGain(levels.truePeakDbtp - ENCODER_MARGIN_DB);
  const limited = await limitPeaks([left, right], ceiling, setImmediate);
  await setImmediate();
  const energies = measureEnergies([left, right], { sampleRateHz: SAMPLE_RATE, ...own });
  await setImmediate();
  const pcm = buffers.pcm.subarray(0, 2 * request.encodeAacFrames * AAC_FRAME);
  joinStereo([left, right], request.encodeFrom, pcm);
  return { pcm: bytesOf(pcm), energies, limited };
}

/** The voices of a block: a file of 48 kHz mono floats for each rate they come in. Clips are placed at their own rate, then resampled once. */
async function renderVoices(request: BlockRequest, tools: BlockTools): Promise<readonly string[]> {
  const paths: string[] = [];
  for (const rate of new Set(request.clips.map((clip) => clip.sampleRateHz))) {
    const placed = join(tools.dir, `voice-${rate}.f32`);
    const samples = Math.ceil((request.frames * rate) / SAMPLE_RATE);
    await tools.withBuffers(async (buffers) => {
      const { work } = buffers;
      const bus = samples <= work.length ? work.subarray(0, samples).fill(0) : new Float32Array(samples);
      for (const clip of request.clips.filter((candidate) => candidate.sampleRateHz === rate)) {
        const voice = await readVoice(tools.open(clip.audio), clip.samples, buffers);
        placeClips(bus, [{ samples: voice, at: clip.at, gainDb: clip.gainDb }]);
        await setImmediate();
      }
      await writeFile(placed, bytesOf(bus));
    });
    paths.push(await resample(placed, { rate, samples }, tools));
  }
  return paths;
}

async function resample(
  from: string,
  { rate, samples }: { readonly rate: number; readonly samples: number },
  { dir, media }: BlockTools,
): Promise<string> {
  if (rate === SAMPLE_RATE) return from;
  const to = join(dir, `voice-${rate}-48000.f32`);
  await media.ffmpeg({
    inputs: [{ path: from, trust: 'pcm', options: ['-f', 'f32le', '-ar', String(rate), '-ac', '1'] }],
    outputs: [{ path: to, options: ['-ar', String(SAMPLE_RATE), '-f', 'f32le'] }],
    expectedMs: Math.round((samples * 1000) / rate),
  });
  await rm(from);
  return to;
}

async function encode(raw: string, request: BlockRequest, { dir, media }: BlockTools): Promise<string> {
  const [whole, kept] = [join(dir, 'whole.aac'), join(dir, 'block.aac')];
  await media.ffmpeg({
    inputs: [{ path: raw, trust: 'pcm', options: ['-f', 's16le', '-ar', String(SAMPLE_RATE), '-ac', '2'] }],
    outputs: [
      {
        path: whole,
        options: ['-c:a', 'aac', '-aac_coder', 'fast', '-b:a', `${request.levels.bitrateKbps}k`, '-f', 'adts'],
      },
    ],
    expectedMs: Math.round((request.encodeAacFrames * AAC_FRAME * 1000) / SAMPLE_RATE),
  });
  await writeFile(kept, cutAdts(await readFile(whole), ROLL_AAC_FRAMES, request.keepAacFrames));
  await Promise.all([rm(raw), rm(whole)]);
  return kept;
}
