/** Runs of [samples, strength]: a repeatable rattle, each run of its own strength (largest amplitude, 0 is digital silence). */
export function rattle(...runs: readonly (readonly [number, number])[]): Int16Array {
  const pcm = new Int16Array(runs.reduce((sum, [count]) => sum + count, 0));
  let seed = 1;
  let at = 0;
  for (const [count, strength] of runs) {
    for (let n = 0; n < count; n++) {
      seed = (seed * 48_271) % 2_147_483_647;
      pcm[at++] = Math.trunc((seed / 1_073_741_823 - 1) * strength);
    }
  }
  return pcm;
}
