/** A window of 5 ms counts as speech when its peak is within 40 dB of the loudest sample and above -60 dBFS. */
const WINDOW_SECONDS = 0.005;
const RELATIVE = 0.01;
const ABSOLUTE = 33;
/** Kept on both sides, so that a soft consonant is not cut off; the outermost 3 ms fade, so that a cut never clicks. */
const KEEP_SECONDS = 0.01;
const FADE_SECONDS = 0.003;

/**
 * Cuts the silence before and after speech. espeak-ng adds 0.3 s of it to a line and hibari 0.7 s, which would push
 * speech behind the picture and make lines look too long.
 * @param pcm mono signed 16-bit samples; not changed
 * @returns a copy, empty when nothing rises above -60 dBFS
 */
export function trimSilence(pcm: Int16Array, sampleRateHz: number): Int16Array {
  let peak = 0;
  for (const sample of pcm) peak = Math.max(peak, Math.abs(sample));
  const threshold = Math.max(ABSOLUTE, peak * RELATIVE);
  if (peak <= ABSOLUTE) return new Int16Array(0);

  const window = Math.round(WINDOW_SECONDS * sampleRateHz);
  const isLoud = (from: number): boolean => {
    for (let at = from; at < Math.min(from + window, pcm.length); at += 1)
      if (Math.abs(pcm[at] ?? 0) > threshold) return true;
    return false;
  };
  const last = Math.floor((pcm.length - 1) / window) * window;
  let first = 0;
  while (first < last && !isLoud(first)) first += window;
  let end = last;
  while (end > first && !isLoud(end)) end -= window;

  const keep = Math.round(KEEP_SECONDS * sampleRateHz);
  const speech = pcm.slice(Math.max(0, first - keep), Math.min(pcm.length, end + window + keep));
  const fade = Math.min(Math.round(FADE_SECONDS * sampleRateHz), speech.length >> 1);
  for (let at = 0; at < fade; at += 1) {
    speech[at] = Math.round(((speech[at] ?? 0) * at) / fade);
    const tail = speech.length - 1 - at;
    speech[tail] = Math.round(((speech[tail] ?? 0) * at) / fade);
  }
  return speech;
}
