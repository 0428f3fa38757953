import type { ModelLook } from '../contract/model-audit.ts';
import { escapeText } from './escape-text.ts';
import { formatBytes } from './format-bytes.ts';
import { formatDuration } from './format-duration.ts';
import { factsOf } from './format-model-audit.ts';
import { renderTable } from './render-table.ts';

export interface VerifiedModels {
  readonly models: readonly ModelLook[];
  /** Read to hash; what did not change since it was hashed is not read. */
  readonly hashedBytes: number;
  readonly seconds: number;
}

/** Every digest of it and of all it requires was compared and is right. */
export const isVerified = ({ state }: Pick<ModelLook, 'state'>): boolean => state === 'complete';

/** `models verify` as lines: one a model, what is wrong below it, the answer last. */
export function formatVerified({ models, hashedBytes, seconds }: VerifiedModels): string {
  const rows = renderTable(
    models.map((model) => [
      isVerified(model) ? '✓' : '✗',
      model.id,
      formatBytes(model.presentBytes),
      isVerified(model) ? '' : model.state,
    ]),
  );
  const lines = models.flatMap((model, index) => [
    rows[index] ?? '',
    ...factsOf(model).map((fact) => `     ${escapeText(fact)}`),
  ]);
  const good = models.filter(isVerified).length;
  const read =
    hashedBytes === 0 ? 'nothing had to be read' : `${formatBytes(hashedBytes)} read in ${formatDuration(seconds)}`;
  return [...lines, `verified: ${good} of ${models.length}; ${read}`].join('\n');
}
