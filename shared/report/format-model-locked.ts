import type { FailureJson } from '../contract/report.ts';
import { formatBytes } from './format-bytes.ts';
import { renderTable } from './render-table.ts';

/** What `models lock` learned about one model. */
export interface LockedRow {
  readonly id: string;
  readonly outcome: 'locked' | 'already' | 'failed';
  readonly revision: string | null;
  readonly files: number | null;
  readonly bytes: number | null;
  readonly failure: FailureJson | null;
}

/** `models lock` as lines. @param left models that were not tried any more */
export function formatLocked(rows: readonly LockedRow[], left: number): string {
  const table = renderTable(
    rows.map(({ id, outcome, revision, files, bytes, failure }) => [
      outcome === 'failed' ? '✗' : '✓',
      id,
      outcome === 'already' ? 'was locked' : outcome,
      failure === null
        ? [
            revision === null ? '' : revision.slice(0, 12),
            `${files ?? 0} ${files === 1 ? 'file' : 'files'}, ${formatBytes(bytes ?? 0)}`,
          ]
            .filter((part) => part !== '')
            .join('  ')
        : [failure.message, failure.cause ?? ''].join(' ').trim(),
    ]),
  );
  const known = rows.filter(({ outcome }) => outcome !== 'failed').length;
  const last =
    rows.length === 0
      ? 'Nothing to lock: revision, sizes and digests of every model of a hub are known.'
      : `locked: ${known} of ${rows.length + left}${left === 0 ? '' : `; ${left} not tried, since no server answers`}`;
  return [...table, last].join('\n');
}
