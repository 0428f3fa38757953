import { rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { Failure } from '../../shared/contract/failure.ts';
import { Milliseconds, SPEECH_FORMAT } from '../../shared/contract/media.ts';
import type { MediaResult } from '../../shared/contract/media-command.ts';
import { file } from '../../shared/contract/ports.ts';
import { defineStage, type MediaActions } from '../../shared/contract/stage.ts';
import { chooseAudioStream } from '../../shared/media/choose-audio-stream.ts';
import { bytesToMs, frameBytes } from '../../shared/media/pcm.ts';
import { canonicalJson } from '../../shared/util/canonical-json.ts';
import { anchorStream } from './anchor-stream.ts';
import { type ExtractPlan, extractCommand, extractInTwoPasses } from './extract-command.ts';
import { judgeDecoding } from './judge-decoding.ts';

/** How ffmpeg says that the filter graph was made anew and its times began again. */
const RESTARTED = /^\[s16le .*non monotonically increasing dts to muxer/;
const LENGTH_ESTIMATED = /Estimating duration from bitrate/;

export const extract = defineStage({
  id: 'extract',
  purpose: 'Takes the sound out of the film, on the clock of the film.',
  params: z.object({
    /** Counted over audio streams from 0. */
    audioStream: z.int().nonnegative(),
    /** Also write the 48 kHz stereo that a dub is mixed into. */
    programme: z.boolean(),
    /** As probed when the job was prepared. */
    durationMs: Milliseconds.nonnegative(),
    acceptDamaged: z.boolean(),
  }),
  inputs: { media: file('media') },
  outputs: {
    speech: file('audio/pcm'),
    programme: file('audio/pcm', { optional: true }),
    timeline: file('application/json'),
  },
  tools: ['ffmpeg'],
  async run({ params, inputs, outputs, media, scratch, progress, warn, count }) {
    const probe = await media.probe(inputs.media.path);
    const number = chooseAudioStream(probe, params.audioStream);
    const stream = probe.streams.filter(({ type }) => type === 'audio')[number];
    if (stream === undefined) throw new Error('the chosen audio stream is not there');
    const plan: ExtractPlan = {
      media: inputs.media.path,
      audioStream: number,
      speech: outputs.speech.path,
      programme: params.programme ? outputs.programme.path : undefined,
      anchor: anchorStream(probe, stream),
      durationMs: params.durationMs,
      onProgress: (ms) => progress(Math.min(ms, params.durationMs), params.durationMs),
    };
    const result = await runExtract(plan, media, join(scratch, 'unified.nut'));
    const { size } = await stat(outputs.speech.path);
    const decodedMs = bytesToMs(size, SPEECH_FORMAT);
    const damage = judgeDecoding({
      stream,
      durationMs: probe.durationMs,
      decodedMs,
      damageCount: result.damageCount,
      lengthKnown: !result.stderrTail.some((line) => LENGTH_ESTIMATED.test(line)),
    });
    if (damage !== undefined) {
      if (!params.acceptDamaged) throw damaged(damage, result);
      const data = { decodedMs, expectedMs: probe.durationMs, damageCount: result.damageCount };
      warn({ code: 'damaged-media', message: `The film is damaged: ${damage}`, data });
    }
    await writeFile(
      outputs.timeline.path,
      canonicalJson({
        schema: 'timeline/1',
        durationMs: Math.max(probe.durationMs, decodedMs),
        audioStartMs: stream.startMs,
        samples: size / frameBytes(SPEECH_FORMAT),
        damageCount: result.damageCount,
      }),
    );
    count({ mediaMs: probe.durationMs });
  },
});

async function runExtract(plan: ExtractPlan, media: MediaActions, between: string): Promise<MediaResult> {
  const result = await media.ffmpeg(extractCommand(plan));
  if (!result.stderrTail.some((line) => RESTARTED.test(line))) return result;
  const [unify, place] = extractInTwoPasses(plan, between);
  const unified = await media.ffmpeg(unify);
  await media.ffmpeg(place);
  await rm(between);
  return unified;
}

const damaged = (why: string, { damageLines }: MediaResult): Failure =>
  new Failure('ERR_MEDIA_TRUNCATED', 'The film is damaged or not complete.', {
    why: damageLines[0] === undefined ? why : `${why} The first: ${damageLines[0].slice(0, 200)}`,
    safe: 'Nothing is lost: no output was made of it.',
  });
