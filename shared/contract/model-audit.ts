import type { ModelFile, ModelRole } from './model.ts';

/**
 * How one file stands. `ok`: its digest was compared, now or earlier, and the file has not changed since. `unverified`: size and header are
 * right, nobody has hashed it. `dangling-link`: a link to nothing, or out of the store. `unexpected`: a file that should not be there and
 * could be run, such as an extra `.py` beside remote code.
 */
export type FileState =
  | 'ok'
  | 'unverified'
  | 'missing'
  | 'truncated'
  | 'oversize'
  | 'corrupt'
  | 'unreadable'
  | 'dangling-link'
  | 'lfs-pointer'
  | 'error-page'
  | 'unexpected';

/**
 * How a model stands, with all it requires; the worst wins. `missing`: none of its own files is there (one that only a required model lacks is
 * `partial`). `partial`: some files are not there. `corrupt`: one is there and wrong. `stale`: only another revision is there. `blocked`: it
 * is not there and terms have to be accepted. `environment-missing`: the files are there, the engine's environment is not. `unassembled`: the
 * files are there, the folder of links is not.
 */
export type ModelState =
  | 'complete'
  | 'complete-unverified'
  | 'unassembled'
  | 'environment-missing'
  | 'stale'
  | 'partial'
  | 'blocked'
  | 'missing'
  | 'corrupt';

export interface FileLook {
  /** The model whose file it is: this one or one it requires. */
  readonly model: string;
  readonly path: string;
  readonly kind: ModelFile['kind'];
  readonly state: FileState;
  /** Absolute; where it lies or would lie. */
  readonly at: string;
  /** As the registry knows it; null while unlocked. */
  readonly bytes: number | null;
  /** As it lies there; null when there is nothing. */
  readonly foundBytes: number | null;
  /** What is wrong, one sentence with figures. */
  readonly why?: string;
}

export interface ModelLook {
  readonly id: string;
  readonly role: ModelRole;
  readonly state: ModelState;
  /** State of its own files alone, without what it requires. */
  readonly own: ModelState;
  /** Registry and lock know every size and digest. */
  readonly locked: boolean;
  /** Absolute folder of its own files. */
  readonly dir: string;
  /** Files of the closure that are not as they should be. */
  readonly problems: readonly FileLook[];
  /** One sentence a person can act on: "tokenizer of support.chinese-wav2vec2 missing; needed by animate.multitalk". Null when complete. */
  readonly why: string | null;
  /** Bytes of its own files: as known, and as they lie there. */
  readonly bytes: number;
  readonly presentBytes: number;
  /** Bytes of the closure that would have to be fetched; null when something is unlocked. */
  readonly missingBytes: number | null;
  readonly commercial: 'yes' | 'no' | 'unstated';
  readonly gated: boolean;
}

/** Something in the store that the registry does not know. */
export interface Orphan {
  /** Absolute. */
  readonly path: string;
  readonly bytes: number;
  readonly what: 'repository' | 'revision' | 'blob' | 'partial-download' | 'leftover' | 'quarantined' | 'other';
}

export interface Duplicate {
  /** sha256, or `same size` facts where nothing was hashed. */
  readonly digest: string;
  readonly bytes: number;
  readonly paths: readonly string[];
}

export interface StoreAudit {
  readonly schema: 'model-audit/1';
  readonly roots: readonly string[];
  readonly deep: boolean;
  readonly models: readonly ModelLook[];
  readonly orphans: readonly Orphan[];
  readonly duplicates: readonly Duplicate[];
  readonly store: {
    /** Blocks on the disk, each inode once. */
    readonly usedBytes: number;
    /** Sizes as the files say, each inode once. */
    readonly logicalBytes: number;
    /** The quota where one is set, else used + free of the file system. */
    readonly capacityBytes: number;
    readonly capacityFrom: 'file-system' | 'quota';
    /** What is still to be fetched for the models asked about; null when something is unlocked. */
    readonly additionalBytes: number | null;
    readonly projectedBytes: number | null;
    /** projected of capacity, in percent. */
    readonly projectedPercent: number | null;
  };
  /** Bytes read to hash files; 0 when everything was remembered. */
  readonly hashedBytes: number;
  readonly stored: { readonly complete: number; readonly of: number };
}
