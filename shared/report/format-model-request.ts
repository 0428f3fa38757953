import { escapeText } from './escape-text.ts';
import { formatBytesShort } from './format-bytes.ts';
import { formatDuration } from './format-duration.ts';

export interface ServedRequest {
  readonly method: string;
  readonly url: string;
  readonly from: string;
  readonly status: number;
  readonly bytes: number;
  readonly ms: number;
  /** The client went away before the end. */
  readonly aborted: boolean;
}

/** One line of `models serve`: who asked for what, and what came of it. */
export function formatModelRequest({ method, url, from, status, bytes, ms, aborted }: ServedRequest): string {
  const end = aborted ? 'client went away after' : 'in';
  return escapeText(
    `${from}  ${status} ${method} ${url}  ${formatBytesShort(bytes)} ${end} ${formatDuration(ms / 1000)}`,
  );
}

/** What `models serve` prints when it listens: where, what, and what is typed on the other machine. */
export function formatModelServer(server: {
  readonly url: string;
  readonly models: readonly string[];
  /** Only this machine can reach it. */
  readonly isLocal: boolean;
}): string {
  const { url, models, isLocal } = server;
  const [first = 'ID'] = models;
  return [
    models.length === 0
      ? `Serving at ${url}, but nothing yet: no model of a hub is wholly stored.`
      : `Serving ${models.length === 1 ? '1 model' : `${models.length} models`} at ${url}: ${escapeText(models.join(', '))}`,
    isLocal
      ? 'Only this machine can reach it; --host 0.0.0.0 lets others in.'
      : 'Whoever reaches this machine can read these models.',
    'On the other machine:',
    `  BABELREEL_MODELS_ENDPOINTS=${url} ./cache-models.sh --model ${escapeText(first)}`,
    `  HF_ENDPOINT=${url} HF_HUB_DISABLE_XET=1 for any Python tool that loads from a hub`,
    'Ctrl-C ends it.',
  ].join('\n');
}
