import type { AudioRef, ObjectRef } from '../contract/media.ts';

type Visit = { readonly audio: (ref: AudioRef) => unknown; readonly object: (ref: ObjectRef) => unknown };

/** A copy of plain data in which every reference, however deep, is replaced by what `visit` makes of it. */
export function replaceReferences(value: unknown, visit: Visit): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => replaceReferences(item, visit));
  if ('$audio' in value) return visit.audio(value as AudioRef);
  if ('$object' in value) return visit.object(value as ObjectRef);
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, replaceReferences(member, visit)]));
}

/** The audio references inside plain data. */
export function audioReferences(value: unknown): readonly AudioRef[] {
  const found: AudioRef[] = [];
  replaceReferences(value, { audio: (ref) => found.push(ref), object: () => undefined });
  return found;
}
