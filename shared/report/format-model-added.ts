import { escapeText } from './escape-text.ts';
import { formatBytes } from './format-bytes.ts';

/** `models add` as lines: the id, where its entry is, and what comes next. */
export function formatAdded(added: {
  readonly id: string;
  /** Of the entry. */
  readonly path: string;
  /** Whether its files are in the store; null for a repository, whose files are fetched later. */
  readonly stored: boolean | null;
  readonly bytes: number | null;
}): string {
  const { id, path, stored, bytes } = added;
  const next =
    stored === null
      ? `Fetch it:  ./cache-models.sh --model ${id}`
      : stored
        ? `Its files are in the store: ${formatBytes(bytes ?? 0)}.`
        : `Its files could not all be taken; ./babelreel.sh models show ${id} says what is missing.`;
  return [`${id} is known now; its entry is ${escapeText(path)}.`, next].join('\n');
}
