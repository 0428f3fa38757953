/** A file of a folder or an archive from which models are taken. */
export interface FoundFile {
  /** Relative to the folder or inside the archive, with slashes. */
  readonly name: string;
  readonly bytes: number;
  /** Absolute path of its bytes; empty where they were let pass since the store has them. */
  readonly at: string;
  /** Known where it was hashed already. */
  readonly sha256?: string;
}

/** Something that was not taken, and why: one sentence. */
export interface Refused {
  readonly name: string;
  readonly why: string;
}
