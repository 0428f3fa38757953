import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { Failure, isFailure } from '../../shared/contract/failure.ts';
import { Language } from '../../shared/contract/language.ts';
import { Milliseconds, ObjectRef } from '../../shared/contract/media.ts';
import { stream } from '../../shared/contract/ports.ts';
import { defineStage } from '../../shared/contract/stage.ts';
import { Utterance, VoiceClip } from '../../shared/contract/utterance.ts';
import { findSlots, type Slot } from './find-slots.ts';
import { fitLine, type Take } from './fit-line.ts';
import { trimSilence } from './trim-silence.ts';

/** Speech without the silence around it, as an object. */
const Spoken = z.object({ audio: ObjectRef, samples: z.int().nonnegative() });
type Spoken = z.output<typeof Spoken> & { readonly sampleRateHz: number };

const readPcm = async (path: string): Promise<Int16Array> => {
  const bytes = await readFile(path);
  return new Int16Array(bytes.buffer, bytes.byteOffset, bytes.length >> 1).slice();
};
const toMs = (samples: number, sampleRateHz: number): number => Math.ceil((samples * 1000) / sampleRateHz);
const hasSomethingToSay = (text: string): boolean => /[\p{L}\p{N}]/u.test(text);

/** Speaks every line and fits it into its place in the film (docs/concepts.md). A line that stays too long is listed, never cut. */
export const synthesize = defineStage({
  id: 'synthesize',
  purpose: 'Speaks the lines of one language, each fitted to its place in the film.',
  role: 'synthesize',
  params: z.object({
    language: Language,
    voice: z.string().optional(),
    filmMs: Milliseconds.positive(),
    maxRate: z.number().min(1).max(2).default(1.3),
    maxStretch: z.number().min(1).max(2).default(1.25),
    maxProduct: z.number().min(1).max(3).default(1.4),
    gapMs: Milliseconds.nonnegative().default(100),
  }),
  inputs: { utterances: stream(Utterance) },
  outputs: { clips: stream(VoiceClip) },
  tools: ['ffmpeg'],
  async run({ params, inputs, outputs, engine, each, step, media, open, progress, warn, count }) {
    const { language, voice } = params;

    const speak = async (text: string, rate: number): Promise<Take<Spoken>> => {
      const said = await engine.call({ text, language, rate, ...(voice === undefined ? {} : { voice }) });
      const { sampleRateHz } = said;
      const request = { audio: said.audio, sampleRateHz };
      // The step holds no slot: it is a few milliseconds of work, and what ffmpeg needs below is admitted by itself.
      const spoken = await step({ op: 'trim', request, reply: Spoken, cpu: 0 }, async ({ dir }) => {
        const speech = trimSilence(await readPcm(open(said.audio)), sampleRateHz);
        const path = join(dir, 'speech.pcm');
        await writeFile(path, speech);
        return { value: { samples: speech.length }, files: { audio: path } };
      });
      return { audio: { ...spoken, sampleRateHz }, lengthMs: toMs(spoken.samples, sampleRateHz) };
    };

    const stretch = async (take: Take<Spoken>, factor: number): Promise<Take<Spoken>> => {
      const { sampleRateHz } = take.audio;
      const format = ['-f', 's16le', '-ar', String(sampleRateHz), '-ac', '1'];
      const request = { audio: take.audio.audio, sampleRateHz, factor };
      const spoken = await step({ op: 'stretch', request, reply: Spoken, cpu: 0 }, async ({ dir }) => {
        const path = join(dir, 'stretched.pcm');
        await media.ffmpeg({
          inputs: [{ path: open(take.audio.audio), trust: 'pcm', options: format }],
          outputs: [{ path, options: ['-af', `atempo=${factor.toFixed(3)}`, ...format] }],
          expectedMs: Math.round(take.lengthMs / factor),
        });
        const speech = trimSilence(await readPcm(path), sampleRateHz);
        const trimmed = join(dir, 'speech.pcm');
        await writeFile(trimmed, speech);
        return { value: { samples: speech.length }, files: { audio: trimmed } };
      });
      return { audio: { ...spoken, sampleRateHz }, lengthMs: toMs(spoken.samples, sampleRateHz) };
    };

    const voiceLine = async ({ line, slotMs }: Slot): Promise<{ line: Utterance; clip?: VoiceClip; why?: string }> => {
      if (!hasSomethingToSay(line.text)) return { line };
      try {
        const fitted = await fitLine(slotMs, params, { speak: (rate) => speak(line.text, rate), stretch });
        const { audio, samples, sampleRateHz } = fitted.take.audio;
        if (samples === 0) return { line, why: 'the engine answered with silence' };
        const { naturalMs, rate } = fitted;
        const lineMs = Math.max(0, line.endMs - line.startMs);
        const place = { utteranceId: line.id, startMs: line.startMs, lineMs, slotMs };
        const fits = fitted.take.lengthMs <= slotMs;
        return {
          line,
          clip: { ...place, audio, sampleRateHz, samples, naturalMs, rate, stretch: fitted.stretch, fits },
        };
      } catch (error) {
        if (!isFailure(error) || error.code !== 'ERR_ENGINE_REFUSED') throw error;
        return { line, why: error.details.why ?? error.message };
      }
    };

    let spoken = 0;
    let refused: string | undefined;
    for await (const { line, clip, why } of each(findSlots(inputs.utterances, params), voiceLine)) {
      count({ lines: 1 });
      progress(line.endMs, params.filmMs);
      if (why !== undefined) {
        refused ??= why;
        count({ linesNotSpoken: 1 });
        warn({ code: 'line-not-spoken', message: `Line ${line.id} is not in the dub: ${why}.`, data: { id: line.id } });
      }
      if (clip === undefined) continue;
      spoken += 1;
      const lengthMs = toMs(clip.samples, clip.sampleRateHz);
      count({ spokenMs: lengthMs, linesHurried: clip.rate > 1 || clip.stretch > 1 ? 1 : 0, linesThatDoNotFit: 0 });
      if (!clip.fits) {
        const overMs = lengthMs - clip.slotMs;
        const message = `Line ${line.id} is ${overMs} ms longer than its place even when hurried; it is spoken whole.`;
        warn({ code: 'line-does-not-fit', message, data: { id: line.id, overMs } });
        count({ linesThatDoNotFit: 1 });
      }
      await outputs.clips.write(clip);
    }
    if (spoken === 0 && refused !== undefined)
      throw new Failure('ERR_ENGINE_REPLY', 'No line could be spoken.', { why: `The first one: ${refused}.` });
  },
});
