import { z } from 'zod';
import { integratedLoudness, measureEnergies } from '../../shared/media/loudness.ts';
import { readVoice, type WithBuffers } from './block-buffers.ts';

/** A clip's own measurement: mono, at its own sample rate. */
export const VoiceLevel = z.object({
  lufs: z.number().nullable(),
  /** K-weighted mean squares of every 100 ms from the clip's start. */
  meanSquares: z.array(z.number()),
});
export type VoiceLevel = z.output<typeof VoiceLevel>;

/** Mono on both loudspeakers is 3.01 dB louder than BS.1770 says of the one channel. */
const BOTH_CHANNELS_DB = 10 * Math.log10(2);
/** A clip that would need more is noise rather than a quiet voice. */
const MAX_GAIN_DB = 30;

export const measureVoice = (
  path: string,
  { samples, sampleRateHz }: { readonly samples: number; readonly sampleRateHz: number },
  withBuffers: WithBuffers,
): Promise<VoiceLevel> =>
  withBuffers(async (buffers) => {
    const channel = await readVoice(path, samples, buffers);
    const energies = measureEnergies([channel], { sampleRateHz, from: 0, to: samples });
    return { lufs: integratedLoudness(energies), meanSquares: energies.map(({ sum, frames }) => sum / frames) };
  });

/** Gain in decibels that brings a clip, played on both channels, to `targetLufs`. Its own measurement alone decides. */
export const voiceGainDb = ({ lufs }: VoiceLevel, targetLufs: number): number =>
  lufs === null ? 0 : Math.round(Math.min(MAX_GAIN_DB, targetLufs - lufs - BOTH_CHANNELS_DB) * 100) / 100;
