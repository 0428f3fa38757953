import type { MediaStream } from '../../shared/contract/media.ts';
import { longestMs } from './extract-command.ts';

export interface Decoding {
  readonly stream: MediaStream;
  /** Of the container, from its start_time. */
  readonly durationMs: number;
  readonly decodedMs: number;
  readonly damageCount: number;
  /** False when the container does not know its length and it was estimated from the bit rate. */
  readonly lengthKnown: boolean;
}

/**
 * What is wrong with decoded sound, as a sentence with figures, or undefined. ffmpeg ends well on a file that was cut off, so its
 * exit code says nothing. A stream that is shorter than the picture is no damage where the container tells its length.
 */
export function judgeDecoding({
  stream,
  durationMs,
  decodedMs,
  damageCount,
  lengthKnown,
}: Decoding): string | undefined {
  const expectedMs = stream.durationMs === null ? durationMs : stream.startMs + stream.durationMs;
  const missingMs = expectedMs - decodedMs;
  const tolerance = Math.max(250, expectedMs * 0.005);
  const complaints = [
    lengthKnown && missingMs > tolerance
      ? `Of ${seconds(expectedMs)} of sound ${seconds(decodedMs)} could be decoded; ${seconds(missingMs)} are missing`
      : undefined,
    decodedMs >= longestMs(durationMs)
      ? `its time stamps jump: ${seconds(durationMs)} of film became more than ${seconds(longestMs(durationMs))}`
      : undefined,
    damageCount > 0 ? `ffmpeg reported damage ${damageCount} ${damageCount === 1 ? 'time' : 'times'}` : undefined,
  ].filter((complaint) => complaint !== undefined);
  if (complaints.length === 0) return undefined;
  const text = complaints.join('; ');
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(2)} s`;
