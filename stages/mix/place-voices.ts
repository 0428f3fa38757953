import { loudnessOf } from '../../shared/media/loudness.ts';

export interface PlacedClip {
  /** Mono samples of -1..1 at the bus's rate. */
  readonly samples: Float32Array;
  /** First sample on the bus; may be negative. */
  readonly at: number;
}

/** Mono on both loudspeakers is 3.01 dB louder than BS.1770 says of the one channel. */
const BOTH_CHANNELS_DB = 10 * Math.log10(2);
/** A clip that would need more is noise rather than a quiet voice. */
const MAX_GAIN_DB = 30;

/** Gain in decibels that brings a mono clip, played on both channels, to `targetLufs`. Its own measurement alone decides. */
export function voiceGainDb(samples: Float32Array, sampleRateHz: number, targetLufs: number): number {
  const loudness = loudnessOf([samples], sampleRateHz);
  return loudness === null ? 0 : Math.min(MAX_GAIN_DB, targetLufs - loudness - BOTH_CHANNELS_DB);
}

/** Adds clips to a bus; what lies outside of it is left out, what overlaps adds up. */
export function placeClips(bus: Float32Array, clips: readonly PlacedClip[], gainsDb: readonly number[]): void {
  for (const [index, { samples, at }] of clips.entries()) {
    const gain = 10 ** ((gainsDb[index] ?? 0) / 20);
    const end = Math.min(samples.length, bus.length - at);
    for (let sample = Math.max(0, -at); sample < end; sample += 1)
      bus[at + sample] = (bus[at + sample] as number) + (samples[sample] as number) * gain;
  }
}
