import { z } from 'zod';
import { Language } from '../../shared/contract/language.ts';
import { Milliseconds, SPEECH_FORMAT } from '../../shared/contract/media.ts';
import { file, stream } from '../../shared/contract/ports.ts';
import type { RoleReply } from '../../shared/contract/roles/index.ts';
import { defineStage } from '../../shared/contract/stage.ts';
import { RecognizedChunk, SpeechRegion } from '../../shared/contract/utterance.ts';
import { createChunker, type SpeechChunk } from './chunk-speech.ts';
import { heardText } from './heard-text.ts';
import { openSound } from './sound.ts';

const PER_MS = 16;

/** Turns speech into text: cuts the sound in its pauses and has each chunk recognised. */
export const asr = defineStage({
  id: 'asr',
  purpose: 'turns speech into text',
  role: 'asr',
  params: z.object({
    language: Language,
    hardPauseMs: Milliseconds.positive().default(700),
    softPauseMs: Milliseconds.positive().default(300),
    maxChunkMs: Milliseconds.min(2000).default(20_000),
    minCutMs: Milliseconds.positive().default(12_000),
    minChunkMs: Milliseconds.nonnegative().default(100),
    padMs: Milliseconds.nonnegative().default(150),
    clipStartMs: Milliseconds.nonnegative().nullable().default(null),
    clipEndMs: Milliseconds.nonnegative().nullable().default(null),
  }),
  inputs: { speech: file('audio/pcm'), regions: stream(SpeechRegion) },
  outputs: { chunks: stream(RecognizedChunk) },
  async run({ params, inputs, outputs, engine, each, progress, warn, count }) {
    const { speech, regions } = inputs;
    using sound = openSound(speech.path, speech.bytes);
    const figures = { chunks: 0, chunksWithoutText: 0, words: 0, speechMsWithText: 0 };
    const totalMs = Math.floor(sound.samples / PER_MS);

    const chunks = (async function* (): AsyncGenerator<SpeechChunk> {
      const chunker = createChunker(sound, params);
      const worth = ({ start, end }: SpeechChunk) => end - start >= params.minChunkMs * PER_MS;
      for await (const region of regions) yield* chunker.push(region).filter(worth);
      yield* chunker.finish().filter(worth);
    })();
    const recognized = each(chunks, async (chunk) => {
      const audio = {
        $audio: speech.digest,
        offsetBytes: 2 * chunk.start,
        lengthBytes: 2 * (chunk.end - chunk.start),
        format: SPEECH_FORMAT,
      };
      return recognizedChunk(chunk, audio, await engine.call({ audio, language: params.language }));
    });
    for await (const chunk of recognized) {
      progress(chunk.endMs, totalMs);
      if (chunk.text === '') {
        figures.chunksWithoutText += 1;
        continue;
      }
      await outputs.chunks.write(chunk);
      figures.chunks += 1;
      figures.words += chunk.text.split(' ').length;
      for (const { startMs, endMs } of chunk.regions) figures.speechMsWithText += endMs - startMs;
    }
    if (figures.chunks === 0 && figures.chunksWithoutText > 0)
      warn({
        code: 'no-text',
        message: 'Somebody speaks, but no word was recognised.',
        data: { chunks: figures.chunksWithoutText },
      });
    count(figures);
  },
});

function recognizedChunk(
  chunk: SpeechChunk,
  audio: RecognizedChunk['audio'],
  reply: RoleReply<'asr'>,
): RecognizedChunk {
  const startMs = Math.round(chunk.start / PER_MS);
  const endMs = Math.round(chunk.end / PER_MS);
  const text = heardText(reply.text);
  const words = reply.words?.map((word) => ({
    text: word.text,
    startMs: startMs + word.startMs,
    endMs: Math.min(endMs, startMs + word.endMs),
    estimated: false,
  }));
  const known = text === '' || words === undefined ? {} : { words };
  return { startMs, endMs, audio, regions: [...chunk.regions], text, ...known };
}
