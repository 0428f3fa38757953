import type { Refused } from './found-file.ts';
import type { TakenHow } from './take-file.ts';

export interface ImportedModel {
  readonly id: string;
  /** Paths of its files that came in now. */
  readonly imported: readonly { readonly path: string; readonly from: string; readonly how: TakenHow }[];
  /** Paths that the store had, verified. */
  readonly already: readonly string[];
  /** Files that should be one of its and have other bytes or another size; none of them was taken. */
  readonly wrong: readonly { readonly path: string; readonly from: string; readonly why: string }[];
  /** Paths of which nothing was found. */
  readonly missing: readonly string[];
  /** The store has all of its files now. */
  readonly complete: boolean;
}

/** What became of an entry that travelled with the files. */
export interface ImportedEntry {
  readonly id: string;
  /** `added` to the user's own entries; `locked`: its revision and digests were learned; `refused`, and why. */
  readonly what: 'added' | 'locked' | 'refused';
  readonly why?: string;
}

export interface ImportReport {
  /** Absolute folder or archive. */
  readonly from: string;
  readonly models: readonly ImportedModel[];
  readonly entries: readonly ImportedEntry[];
  /** What was not even looked into: ways out of an archive, links, devices, unreadable files. */
  readonly refused: readonly Refused[];
  /** Names of files that no listed model has. */
  readonly unknown: readonly string[];
  /** Bytes of the files that came in. */
  readonly bytes: number;
}
