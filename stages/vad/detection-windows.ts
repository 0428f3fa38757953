/** One frame of the detectors of this role: 512 samples at 16 kHz. */
export const FRAME_MS = 32;
const FRAME_BYTES = 2 * 512;
/** 245.76 s of answers per request: enough for an engine to work on several stretches of it side by side. */
const WINDOW_FRAMES = 7680;
/** The first request is short, 32.77 s, so that recognition can begin while detection goes on. */
const FIRST_WINDOW_FRAMES = 1024;
/** 8.19 s that a detector hears before, so that its state has all but forgotten that it started fresh. */
const LEAD_FRAMES = 256;

export interface DetectionWindow {
  readonly offsetBytes: number;
  readonly lengthBytes: number;
  /** Frames at the beginning whose answers belong to the window before. */
  readonly leadFrames: number;
}

/**
 * Cuts 16-bit mono PCM of `bytes` length into windows that can be analysed alone and in any order. Without their lead frames they cover
 * every frame once; the last frame may be shorter than the others. An odd byte at the end is ignored.
 */
export function* detectionWindows(bytes: number): Generator<DetectionWindow> {
  const whole = bytes - (bytes % 2);
  let from = 0;
  while (from < whole) {
    const leadFrames = from === 0 ? 0 : LEAD_FRAMES;
    const offsetBytes = from - leadFrames * FRAME_BYTES;
    const end = Math.min(whole, from + (from === 0 ? FIRST_WINDOW_FRAMES : WINDOW_FRAMES) * FRAME_BYTES);
    yield { offsetBytes, lengthBytes: end - offsetBytes, leadFrames };
    from = end;
  }
}
