import type { FileState, ModelState } from '../contract/model-audit.ts';

const SIGN: Readonly<Record<ModelState, string>> = {
  complete: '✓',
  'complete-unverified': '✓',
  unassembled: '✗',
  'environment-missing': '✗',
  stale: '✗',
  partial: '✗',
  blocked: '✗',
  missing: '-',
  corrupt: '✗',
};

/** ✓ it can be used, - nothing of it is there, ✗ something is wrong or incomplete. */
export const signOf = (state: ModelState): string => SIGN[state];

const MEANING: Readonly<Record<ModelState, string>> = {
  complete: 'every file is there and has the right digest',
  'complete-unverified': 'every file is there with the right size; not every digest was compared yet',
  unassembled: 'every file is there, the folder of links that its engine opens is not',
  'environment-missing': 'every file is there, the environment of its engine is not',
  stale: 'only another revision is there',
  partial: 'some files are not there',
  blocked: 'nothing is there, and its terms have to be accepted first',
  missing: 'nothing is there',
  corrupt: 'a file is there and wrong',
};

/** What a state of a model means, a phrase. */
export const meaningOf = (state: ModelState): string => MEANING[state];

/** All that a model requires is there and, as far as anybody looked, right. */
export const isStored = (state: ModelState): boolean => state === 'complete' || state === 'complete-unverified';

export const signOfFile = (state: FileState): string =>
  state === 'ok' || state === 'unverified' ? '✓' : state === 'missing' ? '-' : '✗';
