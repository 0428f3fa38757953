import { setFlagsFromString } from 'node:v8';

/**
 * Has V8 collect garbage early. By itself it let the heap grow to 158 MB around 20 MB in use, on a film of two hours; what is in use does not
 * grow with the film. Measured up to the translation of a film of 30 minutes: the largest resident set falls from 187 to 131 MB, and the
 * run takes as long as before. To be called before the work, not in the middle of it.
 */
export function favourMemory(): void {
  setFlagsFromString('--optimize-for-size');
}
