import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Digest } from '../../shared/contract/ids.ts';
import type { VoiceClip } from '../../shared/contract/utterance.ts';

/** A film's sound and spoken lines without any engine: soft noise with a slow swell, and tones in syllables. Same seed, same bytes. */
export interface MixMaterial {
  readonly programme: string;
  readonly clips: readonly VoiceClip[];
  readonly objects: Map<string, string>;
}

const RATE = 22_050;

function createNoise(seed: number): () => number {
  let state = seed >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state | 0) / 2 ** 31;
  };
}

/** @param peak of the noise, 0..1 */
export function writeProgramme(path: string, seconds: number, peak: number): void {
  const noise = createNoise(7);
  const samples = new Int16Array(Math.round(seconds * 48_000) * 2);
  let smooth = 0;
  for (let at = 0; at < samples.length; at += 2) {
    smooth += 0.2 * (noise() - smooth);
    const swell = 0.6 + 0.4 * Math.sin(at / 2 ** 19);
    samples[at] = Math.round(smooth * swell * peak * 32_767);
    samples[at + 1] = Math.round(smooth * (1.4 - swell) * peak * 32_767);
  }
  writeFileSync(path, samples);
}

/** Mono tone bursts, four a second, that reach `peak`. */
export function speakTones(milliseconds: number, hertz: number, peak: number): Int16Array {
  return Int16Array.from({ length: Math.round((milliseconds * RATE) / 1000) }, (_, at) => {
    const syllable = Math.abs(Math.sin((Math.PI * at * 4) / RATE));
    return Math.round(Math.sin((2 * Math.PI * hertz * at) / RATE) * syllable * peak * 32_767);
  });
}

/** A clip of `pcm` at `startMs`, its samples written into `dir` and known in `objects`. */
export function storeClip(
  dir: string,
  objects: Map<string, string>,
  clip: { readonly id: string; readonly startMs: number; readonly pcm: Int16Array; readonly lineMs?: number },
): VoiceClip {
  const bytes = Buffer.from(clip.pcm.buffer, clip.pcm.byteOffset, clip.pcm.byteLength);
  const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}` as Digest;
  const path = join(dir, digest.slice(7));
  writeFileSync(path, bytes);
  objects.set(digest, path);
  const lengthMs = Math.ceil((clip.pcm.length * 1000) / RATE);
  return {
    utteranceId: clip.id,
    startMs: clip.startMs,
    lineMs: clip.lineMs ?? lengthMs,
    audio: { $object: digest, bytes: bytes.length },
    sampleRateHz: RATE,
    samples: clip.pcm.length,
    slotMs: lengthMs,
    naturalMs: lengthMs,
    rate: 1,
    stretch: 1,
    fits: true,
  };
}

/** A film with a line of two to four seconds every ten. */
export function makeMixMaterial(dir: string, seconds: number, clips: number): MixMaterial {
  const programme = join(dir, 'programme.pcm');
  writeProgramme(programme, seconds, 0.3);
  const objects = new Map<string, string>();
  const made = Array.from({ length: clips }, (_, index) =>
    storeClip(dir, objects, {
      id: String(index).padStart(16, '0'),
      startMs: Math.round((index * seconds * 1000) / clips) + 700,
      pcm: speakTones(2000 + ((index * 617) % 2000), 180 + ((index * 37) % 200), 0.3),
    }),
  );
  return { programme, clips: made, objects };
}
