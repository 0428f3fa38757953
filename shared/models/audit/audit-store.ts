import type { StoreAudit } from '../../contract/model-audit.ts';
import type { AuditOptions } from './audit-options.ts';
import { findDuplicates } from './find-duplicates.ts';
import { findOrphans } from './find-orphans.ts';
import { lookAtAll } from './look-at-models.ts';
import { measureStore } from './measure-store.ts';
import { isStored } from './model-states.ts';
import { viewStore } from './store-view.ts';
import { walkFolders } from './walk-folder.ts';

/**
 * The whole store: each model by closure, what it takes and will take, what nobody needs and what is there twice. Models inside packages are
 * looked at and not counted in bytes. Throws ERR_MODEL_UNKNOWN, and the signal's reason.
 */
export async function auditStore(options: AuditOptions): Promise<StoreAudit> {
  const { registry, places, digests, quotaGB, deep, signal } = options;
  const roots = places.roots.models;
  const [root = places.projectDir] = roots;
  const view = viewStore(roots);
  const looks = await lookAtAll(options, view);
  signal?.throwIfAborted();
  const walked = walkFolders(roots, view);
  const models = [...looks.models.values()];
  return {
    schema: 'model-audit/1',
    roots,
    deep: deep === true,
    models,
    orphans: roots.flatMap((one) => findOrphans(one, walked.files, registry)),
    duplicates: findDuplicates(walked.files, digests),
    store: measureStore({ root, walked, quotaGB, additionalBytes: looks.additionalBytes }),
    hashedBytes: looks.hashedBytes,
    stored: { complete: models.filter(isStored).length, of: models.length },
  };
}
