import { z } from 'zod';
import { Failure } from '../../shared/contract/failure.ts';
import { Milliseconds, SPEECH_FORMAT } from '../../shared/contract/media.ts';
import { file, stream } from '../../shared/contract/ports.ts';
import { defineStage } from '../../shared/contract/stage.ts';
import { SpeechRegion } from '../../shared/contract/utterance.ts';
import { clipRegion } from './clip-region.ts';
import { detectionWindows, FRAME_MS } from './detection-windows.ts';
import { createRegionFinder } from './speech-regions.ts';

const BYTES_PER_MS = 32;

/** Finds where somebody speaks. The whole film is analysed, so that another clip of it needs no new analysis. */
export const vad = defineStage({
  id: 'vad',
  purpose: 'finds where somebody speaks',
  role: 'vad',
  params: z.object({
    threshold: z.number().min(0).max(1).default(0.5),
    offThreshold: z.number().min(0).max(1).default(0.35),
    minSilenceMs: Milliseconds.nonnegative().default(300),
    minSpeechMs: Milliseconds.nonnegative().default(250),
    padMs: Milliseconds.nonnegative().default(150),
    clipStartMs: Milliseconds.nonnegative().nullable().default(null),
    clipEndMs: Milliseconds.nonnegative().nullable().default(null),
  }),
  inputs: { speech: file('audio/pcm') },
  outputs: { regions: stream(SpeechRegion) },
  async run({ params, inputs, outputs, engine, each, progress, warn, count }) {
    const { speech } = inputs;
    const durationMs = Math.floor(speech.bytes / BYTES_PER_MS);
    const figures = { regions: 0, speechMs: 0 };
    const write = async (found: readonly SpeechRegion[]): Promise<void> => {
      for (const region of found) {
        const inside = clipRegion(region, params.clipStartMs, params.clipEndMs);
        if (inside === undefined) continue;
        await outputs.regions.write(inside);
        figures.regions += 1;
        figures.speechMs += inside.endMs - inside.startMs;
      }
    };

    const windows = (async function* () {
      yield* detectionWindows(speech.bytes);
    })();
    const detected = each(
      windows,
      async ({ offsetBytes, lengthBytes, leadFrames }) => {
        const audio = { $audio: speech.digest, offsetBytes, lengthBytes, format: SPEECH_FORMAT };
        const { frameMs, probabilities } = await engine.call({ audio });
        const frames = Math.ceil(lengthBytes / (FRAME_MS * BYTES_PER_MS));
        if (frameMs !== FRAME_MS || probabilities.length !== frames)
          throw new Failure('ERR_ENGINE_REPLY', 'the speech detector answered for another number of frames.', {
            why: `${frames} frames of ${FRAME_MS} ms were due, it sent ${probabilities.length} of ${frameMs} ms.`,
          });
        return { endMs: (offsetBytes + lengthBytes) / BYTES_PER_MS, probabilities: probabilities.slice(leadFrames) };
      },
      { ahead: 32 },
    );
    const finder = createRegionFinder(FRAME_MS, params);
    for await (const { endMs, probabilities } of detected) {
      for (const probability of probabilities) await write(finder.push(probability));
      progress(Math.floor(endMs), durationMs);
    }
    await write(finder.finish(durationMs));

    if (figures.regions === 0)
      warn({ code: 'no-speech', message: 'Nobody speaks in this film or clip, so there is no text.' });
    count(figures);
  },
});
