import type { ModelState } from '../contract/model-audit.ts';
import { formatBytes } from './format-bytes.ts';
import { licenceOf, sizeOf } from './format-model-sets.ts';
import { isStored, signOf } from './format-model-state.ts';
import { renderTable } from './render-table.ts';

/** One line of `models list`. */
export interface ListedModelRow {
  readonly id: string;
  readonly role: string;
  readonly engines: readonly string[];
  readonly state: ModelState;
  /** Of its own files, as far as they are known. */
  readonly bytes: number;
  /** Every size and digest is known. */
  readonly locked: boolean;
  readonly licence: string;
  readonly commercial: 'yes' | 'no' | 'unstated';
  readonly gated: boolean;
  /** Where it lies, as it is to be shown; null when nothing of it is there. */
  readonly at: string | null;
}

/** `models list`: one line a model under its role, then how many are stored. Rows come sorted by role. */
export function formatModelList(rows: readonly ListedModelRow[], columns?: number): string {
  const [head = '', ...lines] = renderTable(
    [
      ['', 'model', 'size', 'state', 'engine', 'licence', 'where'],
      ...rows.map((row) => [
        signOf(row.state),
        row.id,
        sizeOf(row),
        row.state,
        row.engines.join(', '),
        `${licenceOf(row)}${row.gated ? ', terms to accept' : ''}`,
        row.at ?? '',
      ]),
    ],
    { indent: '  ', ...(columns === undefined ? {} : { columns }) },
  );
  const grouped = rows.flatMap((row, index) => {
    const line = lines[index] ?? '';
    return row.role === rows[index - 1]?.role ? [line] : [row.role, line];
  });
  const stored = rows.filter(({ state }) => isStored(state));
  const bytes = stored.reduce((sum, row) => sum + row.bytes, 0);
  const what = rows.length === 1 ? '1 model' : `${rows.length} models`;
  const last = `${what}, ${stored.length} stored${stored.length === 0 ? '' : `: ${formatBytes(bytes)}`}.`;
  return [...(rows.length === 0 ? [] : [head, ...grouped]), last].join('\n');
}
