import type { FileDigests } from '../../store/file-digests.ts';
import type { ModelPlaces } from '../layout/locate-model.ts';
import type { ListedModel, ModelRegistry } from '../registry/open-registry.ts';

/** How far the hashing of a deep audit has come. */
export interface AuditProgress {
  /** Bytes read so far, and how many there are to be read. */
  readonly doneBytes: number;
  readonly totalBytes: number;
  /** The file that is being read. */
  readonly path: string;
}

export interface AuditOptions {
  readonly registry: ModelRegistry;
  readonly places: ModelPlaces;
  /** Without them a file is never better than `unverified`, and what a deep audit learns is forgotten. */
  readonly digests: FileDigests | undefined;
  /** Hash what was not hashed yet. */
  readonly deep?: boolean | undefined;
  /** The models asked about, with all they require; absent: every model of the registry. */
  readonly ids?: readonly string[] | undefined;
  /** Gigabytes (10^9 bytes) the store may hold; absent or 0: as much as the file system has. */
  readonly quotaGB?: number | undefined;
  /** True when an environment that can load the model is ready; absent: not asked. */
  readonly environmentState?: ((model: ListedModel) => boolean) | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: AuditProgress) => void) | undefined;
}

/** The ids asked about, in the order of the registry where none were named. */
export const askedIds = ({ registry, ids }: Pick<AuditOptions, 'registry' | 'ids'>): readonly string[] =>
  ids ?? [...registry.models.keys()];
