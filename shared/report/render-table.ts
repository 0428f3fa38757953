import { textWidth } from '../util/text-width.ts';
import { escapeText } from './escape-text.ts';
import { fitText, padText } from './fit-text.ts';

export interface TableOptions {
  /** Width of the screen; the last column is shortened to it. Unlimited when absent: a file is not a screen. */
  readonly columns?: number;
  /** Set before every line. */
  readonly indent?: string;
}

/** Rows of cells as aligned lines, two spaces between columns, without lines or trailing spaces. Cells are made safe. */
export function renderTable(rows: readonly (readonly string[])[], options: TableOptions = {}): string[] {
  const { columns = Number.POSITIVE_INFINITY, indent = '' } = options;
  const safe = rows.map((row) => row.map(escapeText));
  const count = Math.max(0, ...safe.map((row) => row.length));
  const widths = Array.from({ length: count }, (_, column) =>
    Math.max(...safe.map((row) => textWidth(row[column] ?? ''))),
  );
  return safe.map((row) => {
    const line = indent + row.map((cell, column) => padText(cell, widths[column] ?? 0)).join('  ');
    return fitText(line.trimEnd(), columns);
  });
}
