import { createReadStream, createWriteStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
import { Failure } from '../../shared/contract/failure.ts';
import { ObjectRef } from '../../shared/contract/media.ts';
import { file, stream } from '../../shared/contract/ports.ts';
import { defineStage } from '../../shared/contract/stage.ts';
import { VoiceClip } from '../../shared/contract/utterance.ts';
import { type Energy, integratedLoudness } from '../../shared/media/loudness.ts';
import { canonicalJson } from '../../shared/util/canonical-json.ts';
import { createBlockBuffers } from './block-buffers.ts';
import { findDucks } from './duck.ts';
import { AAC_FRAME, type BlockRequest, type LevelledClip, planBlocks, SAMPLE_RATE } from './plan-blocks.ts';
import { predictLoudness } from './predict-loudness.ts';
import { energiesWithin, measureFile, readEnergies } from './programme-loudness.ts';
import { BlockReply, renderBlock } from './render-block.ts';
import { measureVoice, VoiceLevel, voiceGainDb } from './voice-level.ts';

/** The original is brought to the target by its own measurement, but never by more than this: near-silence stays near-silent. */
const MAX_PROGRAMME_GAIN_DB = 20;
/** A mix that will be further than this from its target is trimmed by whole half decibels, so that an edited line rarely moves the trim. */
const TRIM_FROM_LU = 0.6;
/** A mix that came out further than this from its target, because the limiter had much to do, is made once more. */
const AGAIN_FROM_LU = 0.8;
const round = (value: number, digits: number): number => Math.round(value * 10 ** digits) / 10 ** digits;

/** A finished block; its energies packed, since a film has 36,000 of them an hour. */
interface Block extends Pick<z.output<typeof BlockReply>, 'aac' | 'limited'> {
  readonly sums: Float64Array;
  readonly frames: Int32Array;
}
const packBlock = ({ aac, limited, energies }: z.output<typeof BlockReply>): Block => ({
  aac,
  limited,
  sums: Float64Array.from(energies, ({ sum }) => sum),
  frames: Int32Array.from(energies, ({ frames }) => frames),
});
const unpackEnergies = ({ sums, frames }: Block): Energy[] =>
  Array.from(sums, (sum, index) => ({ sum, frames: frames[index] as number }));

/**
 * The dubbed sound of a film: the original, lowered under the lines, and the voices over it. Made of blocks of one minute that depend on
 * nothing outside, so that an edited line costs one block (docs/concepts.md).
 */
export const mix = defineStage({
  id: 'mix',
  purpose: 'Lays the spoken lines over the lowered original and sets the loudness.',
  whole: true,
  params: z.object({
    targetLufs: z.number().min(-40).max(-5).default(-16),
    truePeakDbtp: z.number().min(-20).max(0).default(-1),
    /** Level of the original under speech against its level between lines. */
    duckDb: z.number().min(-60).max(0).default(-18),
    bitrateKbps: z.int().min(48).max(320).default(160),
  }),
  inputs: { programme: file('audio/pcm'), clips: stream(VoiceClip) },
  outputs: { audio: file('audio/mp4'), loudness: file('application/json') },
  tools: ['ffmpeg'],
  async run({ params, inputs, outputs, each, step, media, open, scratch, progress, count }) {
    const { programme } = inputs;
    const totalFrames = Math.floor(programme.bytes / 4);
    if (totalFrames === 0)
      throw new Failure('ERR_MEDIA_NO_AUDIO', 'The film has no sound to mix into.', { why: 'Its programme is empty.' });

    const withBuffers = createBlockBuffers();
    // Steps hold no slot: what ffmpeg needs is admitted by itself, and the rest runs between other work on this thread.
    const measured = await step(
      {
        op: 'measure',
        request: { programme: { $object: programme.digest, bytes: programme.bytes } },
        reply: z.object({ sums: ObjectRef }),
        cpu: 0,
      },
      async ({ dir }) => {
        const path = join(dir, 'sums.f64');
        await writeFile(path, await measureFile(programme.path, programme.bytes, withBuffers));
        return { value: {}, files: { sums: path } };
      },
    );
    // Read again wherever they are needed: while blocks are made they would only take up memory.
    const original = (): Promise<Energy[]> => readEnergies(open(measured.sums));
    const programmeLufs = integratedLoudness(await original());
    const wantedDb = programmeLufs === null ? 0 : params.targetLufs - programmeLufs;
    const programmeDb = round(Math.min(MAX_PROGRAMME_GAIN_DB, wantedDb), 1);

    const clips: (LevelledClip & VoiceLevel)[] = [];
    const level = async (clip: VoiceClip): Promise<LevelledClip & VoiceLevel> => {
      const { audio, samples, sampleRateHz } = clip;
      const request = { audio, samples, sampleRateHz };
      const measure = async () => ({ value: await measureVoice(open(audio), { samples, sampleRateHz }, withBuffers) });
      const voice = await step({ op: 'voice', request, reply: VoiceLevel, cpu: 0 }, measure);
      return { ...clip, ...voice, gainDb: voiceGainDb(voice, params.targetLufs) };
    };
    for await (const clip of each(inputs.clips, level)) clips.push(clip);
    const ducks = findDucks(clips);

    const { targetLufs, truePeakDbtp, duckDb, bitrateKbps } = params;
    const renderAll = async (trimDb: number): Promise<Block[]> => {
      const levels = { programmeDb, duckDb, trimDb, truePeakDbtp, bitrateKbps };
      const requests = planBlocks({ programme: programme.digest, totalFrames, clips, ducks, levels });
      const render = async (request: BlockRequest): Promise<Block> =>
        packBlock(
          await step({ op: 'block', request, reply: BlockReply, cpu: 0 }, ({ dir }) =>
            renderBlock(request, { dir, media, open, withBuffers }),
          ),
        );
      const blocks: Block[] = [];
      for await (const block of each(toAsync(requests), render, { ahead: 3 })) {
        blocks.push(block);
        progress(blocks.length, requests.length);
      }
      return blocks;
    };
    const trimOf = (lufs: number | null, toleranceLu: number): number =>
      lufs === null || clips.length === 0 || Math.abs(targetLufs - lufs) <= toleranceLu
        ? 0
        : Math.round((targetLufs - lufs) * 2) / 2;
    const loudnessOfBlocks = (made: readonly Block[]): number | null =>
      integratedLoudness(made.flatMap(unpackEnergies));

    let trimDb = trimOf(
      predictLoudness({ original: await original(), programmeDb, duckDb, ducks, clips }),
      TRIM_FROM_LU,
    );
    let blocks = await renderAll(trimDb);
    const more = trimOf(loudnessOfBlocks(blocks), AGAIN_FROM_LU);
    if (more !== 0) {
      trimDb += more;
      blocks = await renderAll(trimDb);
    }

    const joined = join(scratch, 'joined.aac');
    await pipeline(readAll(blocks.map((block) => open(block.aac))), createWriteStream(joined));
    await media.ffmpeg({
      inputs: [{ path: joined, trust: 'own', options: ['-f', 'aac'] }],
      outputs: [{ path: outputs.audio.path, options: m4aOptions(totalFrames) }],
      expectedMs: Math.round((totalFrames * 1000) / SAMPLE_RATE),
    });

    const unduckedLufs = integratedLoudness(energiesWithin(await original(), ducks));
    const loweredByDb = programmeDb + duckDb + trimDb;
    const limitedMs = blocks.reduce((sum, block) => sum + block.limited, 0) / (SAMPLE_RATE / 1000);
    await writeFile(
      outputs.loudness.path,
      canonicalJson({
        schema: 'loudness/1',
        integratedLufs: rounded(loudnessOfBlocks(blocks)),
        programmeLufs: rounded(programmeLufs),
        programmeGainDb: programmeDb,
        voiceLufs: targetLufs + trimDb,
        originalUnderSpeechLufs: unduckedLufs === null ? null : round(unduckedLufs + loweredByDb, 2),
        trimDb,
        limitedMs: Math.round(limitedMs),
        params,
      }),
    );
    count({ blocks: blocks.length, clips: clips.length, durationMs: Math.round((totalFrames * 1000) / SAMPLE_RATE) });
  },
});

const rounded = (lufs: number | null): number | null => (lufs === null ? null : round(lufs, 2));

/**
 * MP4 whose first packet, the encoder's delay of one AAC frame, lies before time 0 and is skipped by an edit list, and whose last packet
 * ends with the film.
 */
function m4aOptions(totalFrames: number): readonly string[] {
  const last = Math.ceil(totalFrames / AAC_FRAME);
  const padding = last * AAC_FRAME - totalFrames;
  const times = `setts=ts=TS-${AAC_FRAME}:duration=DURATION-${padding}*not(N-${last})`;
  return [
    '-c',
    'copy',
    '-bsf:a',
    times,
    '-movie_timescale',
    String(SAMPLE_RATE),
    '-movflags',
    '+faststart',
    '-f',
    'mp4',
  ];
}

async function* toAsync<T>(items: readonly T[]): AsyncIterable<T> {
  yield* items;
}

async function* readAll(paths: readonly string[]): AsyncIterable<Buffer> {
  for (const path of paths) yield* createReadStream(path);
}
