import type { MediaStream, Probe } from '../../shared/contract/media.ts';

/** Containers whose clock may jump. For these ffmpeg moves time 0 to the start of the first stream that it is told to use. */
const JUMPING_CLOCKS = new Set(['mpegts', 'mpeg', 'ogg']);

/**
 * Index of a stream that starts at time 0, where ffmpeg would otherwise take a late audio stream's start for time 0; undefined
 * where that cannot happen.
 */
export function anchorStream(probe: Probe, audio: MediaStream): number | undefined {
  if (audio.startMs <= 0 || !JUMPING_CLOCKS.has(probe.container)) return undefined;
  return probe.streams.find(({ type, startMs }) => (type === 'video' || type === 'audio') && startMs <= 0)?.index;
}
