import type { FileDigests } from '../../store/file-digests.ts';
import type { ModelPlaces } from '../layout/locate-model.ts';
import type { ModelRegistry } from '../registry/open-registry.ts';

/** Bytes that were read or written, for a progress line. */
export interface TransferProgress {
  /** Its id; the name of the archive while one is read. */
  readonly model: string;
  readonly path: string;
  readonly doneBytes: number;
  /** Of all that is to be done. */
  readonly totalBytes: number;
}

/** What every transfer of models takes. */
export interface TransferOptions {
  readonly registry: ModelRegistry;
  readonly places: ModelPlaces;
  readonly digests?: FileDigests | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: TransferProgress) => void) | undefined;
}
