import type { FileState } from '../../contract/model-audit.ts';

/** What is wrong with a file, with figures where there are some. */
export interface Finding {
  readonly state: FileState;
  /** A sentence. */
  readonly why: string;
}

export const finding = (state: FileState, why: string): Finding => ({ state, why });

/** `3,087,284,237`. */
export const figure = (bytes: number): string => bytes.toLocaleString('en');
