/**
 * Mean square of every whole window of mono samples, in squared sample units (full scale is 32768²); a rest shorter than a
 * window at the end is left out.
 */
export function windowEnergies(samples: Int16Array, windowSamples: number): Float64Array {
  if (!(windowSamples >= 1)) throw new RangeError(`window of ${windowSamples} samples`);
  const energies = new Float64Array(Math.floor(samples.length / windowSamples));
  for (let window = 0; window < energies.length; window += 1) {
    let sum = 0;
    for (let index = window * windowSamples; index < (window + 1) * windowSamples; index += 1) {
      const sample = samples[index] ?? 0;
      sum += sample * sample;
    }
    energies[window] = sum / windowSamples;
  }
  return energies;
}

/** Index of the sample in the middle of the quietest window; of equals the first; the middle of everything when no window fits. */
export function quietestSample(samples: Int16Array, windowSamples: number): number {
  const energies = windowEnergies(samples, windowSamples);
  if (energies.length === 0) return Math.floor(samples.length / 2);
  let best = 0;
  for (let window = 1; window < energies.length; window += 1) {
    if ((energies[window] ?? 0) < (energies[best] ?? 0)) best = window;
  }
  return best * windowSamples + Math.floor(windowSamples / 2);
}
