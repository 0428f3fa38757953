/** One clip on a bus. */
export interface PlacedClip {
  /** Mono samples of -1..1 at the bus's rate. */
  readonly samples: Float32Array;
  /** First sample on the bus; may be negative. */
  readonly at: number;
  readonly gainDb: number;
}

/** Adds clips to a bus; what lies outside of it is left out, what overlaps adds up. */
export function placeClips(bus: Float32Array, clips: readonly PlacedClip[]): void {
  for (const { samples, at, gainDb } of clips) {
    const gain = 10 ** (gainDb / 20);
    const end = Math.min(samples.length, bus.length - at);
    for (let sample = Math.max(0, -at); sample < end; sample += 1)
      bus[at + sample] = (bus[at + sample] as number) + (samples[sample] as number) * gain;
  }
}
