import type { ModelLook, ModelState } from '../../contract/model-audit.ts';
import { isAbsent, isGood, type OwnLook } from './own-look.ts';

/** From the best to the worst. */
const STATES: readonly ModelState[] = [
  'complete',
  'complete-unverified',
  'unassembled',
  'environment-missing',
  'stale',
  'partial',
  'blocked',
  'missing',
  'corrupt',
];

export interface OwnFacts {
  /** Other revisions of its repository that are there. */
  readonly otherRevisions: readonly string[];
  readonly assembled: boolean;
  readonly environment: boolean;
}

/** How a model stands by its own files. */
export function ownState({ model, files }: OwnLook, facts: OwnFacts): ModelState {
  const bad = files.filter((look) => !isGood(look));
  if (bad.some((look) => !isAbsent(look))) return 'corrupt';
  if (bad.length > 0 || files.length === 0) {
    if (bad.length < files.length) return 'partial';
    if (facts.otherRevisions.length > 0) return 'stale';
    return model.entry.gate === undefined ? 'missing' : 'blocked';
  }
  if (!facts.environment) return 'environment-missing';
  if (!facts.assembled) return 'unassembled';
  return files.every(({ state }) => state === 'ok') ? 'complete' : 'complete-unverified';
}

/**
 * With what it requires; the worst wins. A required model that is missing makes `partial` of one that is there: some of what it needs is
 * there.
 */
export function closureState(own: ModelState, required: readonly ModelState[]): ModelState {
  const all = [own, ...required.map((state) => (state === 'missing' ? 'partial' : state))];
  return STATES[Math.max(...all.map((state) => STATES.indexOf(state)))] ?? own;
}

/** Every byte of its closure is there and known to the registry, and its folder of links is made. */
export const isStored = ({ state, locked }: Pick<ModelLook, 'state' | 'locked'>): boolean =>
  locked && (state === 'complete' || state === 'complete-unverified' || state === 'environment-missing');
