import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { z } from 'zod';
import type { AudioRef } from '../../shared/contract/media.ts';
import { ObjectRef } from '../../shared/contract/media.ts';
import type { MediaActions, StepResult } from '../../shared/contract/stage.ts';
import { limitPeaks } from '../../shared/media/limiter.ts';
import { measureEnergies } from '../../shared/media/loudness.ts';
import { cutAdts } from './adts.ts';
import { duckEnvelope } from './duck.ts';
import { joinStereo, readSamples, splitStereo, toFloats } from './pcm-slice.ts';
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
  open(reference: ObjectRef | AudioRef): string;
}

const toGain = (decibels: number): number => 10 ** (decibels / 20);

/** Mixes and encodes one block. Every loop is under 50 ms on one core; other work runs between them. */
export async function renderBlock(request: BlockRequest, tools: BlockTools): Promise<StepResult> {
  const { frames, own, levels } = request;
  const heard = await readSamples(
    tools.open(request.programme),
    request.programme.offsetBytes,
    request.programme.lengthBytes,
  );
  const [left, right] = splitStereo(heard, frames, request.silenceBefore);
  await setImmediate();
  const envelope = duckEnvelope(frames, request.ducks, levels.duckDb);
  const original = toGain(levels.programmeDb);
  for (let at = 0; at < frames; at += 1) {
    const gain = (envelope[at] as number) * original;
    left[at] = (left[at] as number) * gain;
    right[at] = (right[at] as number) * gain;
  }
  await setImmediate();
  const voice = await renderVoices(request, tools);
  await setImmediate();
  const trim = toGain(levels.trimDb);
  for (let at = 0; at < frames; at += 1) {
    const spoken = voice?.[at] ?? 0;
    left[at] = ((left[at] as number) + spoken) * trim;
    right[at] = ((right[at] as number) + spoken) * trim;
  }
  await setImmediate();
  const ceiling = toGain(levels.truePeakDbtp - ENCODER_MARGIN_DB);
  const limited = await limitPeaks([left, right], ceiling, setImmediate);
  await setImmediate();
  const energies = measureEnergies([left, right], { sampleRateHz: SAMPLE_RATE, ...own });
  await setImmediate();
  const aac = await encode(joinStereo(left, right, encodedRange(request)), request, tools);
  return { value: { energies, limited }, files: { aac } };
}

const encodedRange = (request: BlockRequest): { from: number; to: number } => ({
  from: request.encodeFrom,
  to: request.encodeFrom + request.encodeAacFrames * AAC_FRAME,
});

/** The voices of a block as one channel of 48 kHz; undefined when nobody speaks. Clips are placed at their own rate, then resampled once. */
async function renderVoices(request: BlockRequest, tools: BlockTools): Promise<Float32Array | undefined> {
  let voices: Float32Array | undefined;
  for (const rate of new Set(request.clips.map((clip) => clip.sampleRateHz))) {
    const bus = new Float32Array(Math.ceil((request.frames * rate) / SAMPLE_RATE));
    for (const clip of request.clips.filter((candidate) => candidate.sampleRateHz === rate)) {
      const samples = toFloats(await readSamples(tools.open(clip.audio), 0, clip.samples * 2));
      placeClips(bus, [{ samples, at: clip.at, gainDb: clip.gainDb }]);
      await setImmediate();
    }
    const resampled = await resample(bus, rate, tools);
    if (voices === undefined) voices = resampled;
    else for (let at = 0; at < voices.length; at += 1) voices[at] = (voices[at] as number) + (resampled[at] ?? 0);
  }
  return voices;
}

async function resample(bus: Float32Array, rate: number, { dir, media }: BlockTools): Promise<Float32Array> {
  if (rate === SAMPLE_RATE) return bus;
  const [from, to] = [join(dir, `voice-${rate}.f32`), join(dir, `voice-${rate}-48000.f32`)];
  await writeFile(from, new Uint8Array(bus.buffer));
  await media.ffmpeg({
    inputs: [{ path: from, trust: 'pcm', options: ['-f', 'f32le', '-ar', String(rate), '-ac', '1'] }],
    outputs: [{ path: to, options: ['-ar', String(SAMPLE_RATE), '-f', 'f32le'] }],
    expectedMs: Math.round((bus.length * 1000) / rate),
  });
  const bytes = await readFile(to);
  await Promise.all([rm(from), rm(to)]);
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + (bytes.length & ~3)));
}

async function encode(pcm: Int16Array, request: BlockRequest, { dir, media }: BlockTools): Promise<string> {
  const [raw, whole, kept] = [join(dir, 'mix.pcm'), join(dir, 'whole.aac'), join(dir, 'block.aac')];
  await writeFile(raw, new Uint8Array(pcm.buffer));
  await media.ffmpeg({
    inputs: [{ path: raw, trust: 'pcm', options: ['-f', 's16le', '-ar', String(SAMPLE_RATE), '-ac', '2'] }],
    outputs: [
      {
        path: whole,
        options: ['-c:a', 'aac', '-aac_coder', 'fast', '-b:a', `${request.levels.bitrateKbps}k`, '-f', 'adts'],
      },
    ],
    expectedMs: Math.round((pcm.length * 500) / SAMPLE_RATE),
  });
  await writeFile(kept, cutAdts(await readFile(whole), ROLL_AAC_FRAMES, request.keepAacFrames));
  await Promise.all([rm(raw), rm(whole)]);
  return kept;
}
