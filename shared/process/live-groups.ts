import type { ChildGroup } from './child-group.ts';
import { guardGroup, releaseGroup } from './orphan-guard.ts';

const groups = new Set<ChildGroup>();

/** Every process group this runner has started and whose leader lives. */
export const liveGroups = (): readonly ChildGroup[] => [...groups];

/** Signals all of them at once; what a second Ctrl-C calls. Returns how many there were. */
export function killAllGroups(signal: 'term' | 'kill'): number {
  const all = liveGroups();
  for (const group of all) group.kill(signal);
  return all.length;
}

export function registerGroup(group: ChildGroup): void {
  groups.add(group);
  guardGroup(group.pid);
}

export function forgetGroup(group: ChildGroup): void {
  groups.delete(group);
  releaseGroup(group.pid);
}
