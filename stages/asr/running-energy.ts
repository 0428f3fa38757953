/** 10 ms: shorter than a sound of speech, longer than a period of a low voice. */
export const ENERGY_WINDOW = 160;

/** Sum of squares of the 10 ms that begin at each sample; exact, since it stays far below 2^53. */
export function runningEnergy(pcm: Int16Array): Float64Array {
  const energies = new Float64Array(Math.max(0, pcm.length - ENERGY_WINDOW + 1));
  let sum = 0;
  for (let n = 0; n < pcm.length; n++) {
    sum += (pcm[n] ?? 0) ** 2;
    if (n >= ENERGY_WINDOW) sum -= (pcm[n - ENERGY_WINDOW] ?? 0) ** 2;
    if (n >= ENERGY_WINDOW - 1) energies[n - ENERGY_WINDOW + 1] = sum;
  }
  return energies;
}
