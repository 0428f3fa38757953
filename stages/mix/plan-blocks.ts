import { z } from 'zod';
import type { Digest } from '../../shared/contract/ids.ts';
import { AudioRef, ObjectRef, PROGRAMME_FORMAT } from '../../shared/contract/media.ts';
import type { VoiceClip } from '../../shared/contract/utterance.ts';
import { DUCK_RELEASE_FRAMES, type Interval } from './duck.ts';

export const SAMPLE_RATE = 48_000;
export const AAC_FRAME = 1024;
/** 59.99 s: small enough that an edited line costs little, large enough that starting ffmpeg does not count. */
export const BLOCK_AAC_FRAMES = 2812;
/** Encoded on both sides and thrown away: the encoder's start and end do not reach into what is kept. */
export const ROLL_AAC_FRAMES = 4;
/** Mixed on both sides beyond that: the reach of the limiter and the ringing of the resampler. */
const MARGIN_FRAMES = 1024;
/** Blocks start on a grid on which the limiter's groups and the sample clocks of 8 to 44.1 kHz all fall on whole samples. */
const GRID_FRAMES = 1920;
const BYTES_PER_FRAME = 4;
/** No block mixes more frames. */
export const MAX_BLOCK_FRAMES = (BLOCK_AAC_FRAMES + 2 * ROLL_AAC_FRAMES) * AAC_FRAME + 2 * MARGIN_FRAMES + GRID_FRAMES;

/** Everything one block is made of; frames are 48 kHz and count from the block's first mixed frame unless said otherwise. */
export const BlockRequest = z.object({
  programme: AudioRef,
  /** Frames before the film starts; the programme's slice follows. */
  silenceBefore: z.int(),
  frames: z.int(),
  /** Where encoding starts and how many AAC frames are made of it. */
  encodeFrom: z.int(),
  encodeAacFrames: z.int(),
  /** AAC frames that are kept, after ROLL_AAC_FRAMES. */
  keepAacFrames: z.int(),
  /** The part no other block measures. */
  own: z.object({ from: z.int(), to: z.int() }),
  /** `at` counts samples of the clip's own rate and may be negative. */
  clips: z.array(
    z.object({ audio: ObjectRef, sampleRateHz: z.int(), samples: z.int(), at: z.int(), gainDb: z.number() }),
  ),
  ducks: z.array(z.object({ from: z.int(), to: z.int() })),
  levels: z.object({
    programmeDb: z.number(),
    duckDb: z.number(),
    trimDb: z.number(),
    truePeakDbtp: z.number(),
    bitrateKbps: z.int(),
  }),
});
export type BlockRequest = z.output<typeof BlockRequest>;
export type Levels = BlockRequest['levels'];

/** A clip and the gain its own measurement asks for. */
export type LevelledClip = VoiceClip & { readonly gainDb: number };

export interface MixPlan {
  readonly programme: Digest;
  readonly totalFrames: number;
  readonly clips: readonly LevelledClip[];
  readonly ducks: readonly Interval[];
  readonly levels: Levels;
}

/**
 * Cuts a mix into blocks. Block `b` makes the AAC frames from `b × 2812` on; AAC frame `F` is decoded to the samples `[(F-1) × 1024, F ×
 * 1024)` of the film, frame 0 being the encoder's delay. A request names only what can be heard in its block, so that it stays the same
 * when a line elsewhere changes.
 */
export function planBlocks(plan: MixPlan): BlockRequest[] {
  const allAacFrames = Math.ceil(plan.totalFrames / AAC_FRAME) + 1;
  const blocks: BlockRequest[] = [];
  for (let first = 0; first < allAacFrames; first += BLOCK_AAC_FRAMES) {
    const keep = Math.min(BLOCK_AAC_FRAMES, allAacFrames - first);
    blocks.push(planBlock(plan, first, keep));
  }
  return blocks;
}

function planBlock(plan: MixPlan, firstAacFrame: number, keepAacFrames: number): BlockRequest {
  const encodeFrom = (firstAacFrame - ROLL_AAC_FRAMES) * AAC_FRAME;
  const encodeAacFrames = keepAacFrames + 2 * ROLL_AAC_FRAMES;
  const from = Math.floor((encodeFrom - MARGIN_FRAMES) / GRID_FRAMES) * GRID_FRAMES;
  const to = encodeFrom + encodeAacFrames * AAC_FRAME + MARGIN_FRAMES;
  const ownFrom = firstAacFrame * AAC_FRAME;
  const ownTo = Math.max(ownFrom, Math.min(plan.totalFrames, ownFrom + BLOCK_AAC_FRAMES * AAC_FRAME));
  const heardFrom = Math.max(0, from);
  const heardTo = Math.max(heardFrom, Math.min(plan.totalFrames, to));
  const clips = plan.clips
    .map((clip) => ({
      audio: clip.audio,
      sampleRateHz: clip.sampleRateHz,
      samples: clip.samples,
      gainDb: clip.gainDb,
      at: Math.round((clip.startMs * clip.sampleRateHz) / 1000 - (from * clip.sampleRateHz) / SAMPLE_RATE),
    }))
    .filter(({ at, samples, sampleRateHz }) => at + samples > 0 && at < ((to - from) * sampleRateHz) / SAMPLE_RATE);
  const ducks = plan.ducks
    .filter((duck) => duck.to > from - DUCK_RELEASE_FRAMES && duck.from < to + DUCK_RELEASE_FRAMES)
    .map((duck) => ({
      from: Math.max(duck.from - from, -DUCK_RELEASE_FRAMES),
      to: Math.min(duck.to, to + DUCK_RELEASE_FRAMES) - from,
    }));
  return {
    programme: {
      $audio: plan.programme,
      offsetBytes: heardFrom * BYTES_PER_FRAME,
      lengthBytes: (heardTo - heardFrom) * BYTES_PER_FRAME,
      format: PROGRAMME_FORMAT,
    },
    silenceBefore: heardFrom - from,
    frames: to - from,
    encodeFrom: encodeFrom - from,
    encodeAacFrames,
    keepAacFrames,
    own: { from: ownFrom - from, to: ownTo - from },
    clips,
    ducks,
    levels: plan.levels,
  };
}
