import type { Digest, Fingerprint } from '../contract/ids.ts';
import { ROLE_VERSION } from '../contract/roles/index.ts';
import type { Task } from '../contract/task.ts';
import { fingerprintOf } from '../util/digest.ts';
import { audioReferences, replaceReferences } from './references.ts';
import type { SliceDigest } from './slice-digests.ts';

/**
 * Plain data with content in place of references: an AudioRef becomes `{slice, format}` with the digest of its bytes, an ObjectRef
 * `{object}`. What goes into a key is made of this.
 */
export async function byContent(value: unknown, sliceDigest: SliceDigest): Promise<unknown> {
  const references = audioReferences(value);
  const slices = new Map<object, Digest>();
  if (references.length > 0) await Promise.all(references.map(async (ref) => slices.set(ref, await sliceDigest(ref))));
  return replaceReferences(value, {
    audio: (ref) => ({ slice: slices.get(ref), format: ref.format }),
    object: (ref) => ({ object: ref.$object }),
  });
}

/**
 * The memo key of a task, or null when the identity of the engine's environment is not known: such a task is never memoised.
 * Runtime (threads, device slots) is not part of it.
 */
export async function taskKey(task: Task, sliceDigest: SliceDigest): Promise<Fingerprint | null> {
  if (task.engine.environment === null) return null;
  return fingerprintOf({
    v: 1,
    role: `${task.role}/${ROLE_VERSION}`,
    engine: { id: task.engine.id, version: task.engine.version, environment: task.engine.environment },
    models: task.models.map(({ id, digest }) => ({ id, digest })),
    op: task.op,
    params: task.params,
    request: await byContent(task.request, sliceDigest),
  });
}
