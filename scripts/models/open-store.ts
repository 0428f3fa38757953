import { join } from 'node:path';
import { isFailure } from '../../shared/contract/failure.ts';
import type { ModelPlaces } from '../../shared/models/layout/locate-model.ts';
import { type ModelRegistry, openRegistry } from '../../shared/models/registry/open-registry.ts';
import { openState, type State } from '../../shared/store/database.ts';
import { type FileDigests, openFileDigests } from '../../shared/store/file-digests.ts';
import type { Settings } from '../../shared/util/settings.ts';

/** The model store of this machine: what is known, where it lies, and which digests were computed already. */
export interface OpenedStore extends Disposable {
  readonly registry: ModelRegistry;
  readonly places: ModelPlaces;
  /** Undefined when the state folder cannot be used: digests are then computed and not remembered. */
  readonly digests: FileDigests | undefined;
  /** Why digests are not remembered, a sentence. */
  readonly note: string | undefined;
}

/** Codes that say the state folder cannot be used, which must not keep anybody from looking at the store. */
const UNUSABLE: ReadonlySet<string> = new Set(['ERR_NOT_WRITABLE', 'ERR_DISK_FULL', 'ERR_STATE']);

/** Opens the store of the settings; nothing is made in it. Throws ERR_CONFIG_INVALID for an entry or a lock that is not valid. */
export function openStore({ roots }: Pick<Settings, 'roots'>, projectDir: string): OpenedStore {
  const registry = openRegistry(join(projectDir, 'config'), roots.local);
  const places = { projectDir, roots };
  let state: State | undefined;
  let note: string | undefined;
  try {
    state = openState(roots.state);
  } catch (error) {
    if (!isFailure(error) || !UNUSABLE.has(error.code)) throw error;
    note = `Digests are not remembered: ${error.message} ${error.details.why ?? ''}`.trim();
  }
  return {
    registry,
    places,
    digests: state === undefined ? undefined : openFileDigests(state),
    note,
    [Symbol.dispose]: () => state?.close(),
  };
}
