import { formatBytes, formatBytesShort } from './format-bytes.ts';
import { formatDuration } from './format-duration.ts';
import { licenceOf, sizeOf } from './format-model-sets.ts';
import { renderTable } from './render-table.ts';

/** A model of a plan, as it is shown before anything is fetched. */
export interface PlannedModel {
  readonly id: string;
  /** Null: not known yet, found out by locking. */
  readonly missingBytes: number | null;
  /** Of its files whose size is known, where not all are. */
  readonly knownBytes: number;
  readonly licence: string;
  readonly commercial: 'yes' | 'no' | 'unstated';
  /** The page on which its terms are accepted; null without a gate. */
  readonly acceptUrl: string | null;
  /** It comes with an environment and needs no download of its own. */
  readonly environment: string | null;
}

/** What a download takes at this rate is said before anything is measured: 100 Mbit/s, in bytes a second. */
const ASSUMED_RATE = 12.5e6;

export const assumedMinutes = (bytes: number): number => Math.max(1, Math.round(bytes / ASSUMED_RATE / 60));

/** `2.3 MB`, `at least 2.3 MB`, `an unknown amount`: what has to come, for a line of running text. */
export const amountOf = ({ bytes, unknown }: { readonly bytes: number; readonly unknown: boolean }): string =>
  unknown && bytes === 0 ? 'an unknown amount' : `${unknown ? 'at least ' : ''}${formatBytesShort(bytes)}`;

/** The plan of a download: what is there, what comes, its licences and gates, the total and the minutes. */
export function formatFetchPlan(
  models: readonly PlannedModel[],
  space: { readonly freeBytes: number; readonly store: string },
): string {
  const coming = models.filter((model) => model.environment === null && model.missingBytes !== 0);
  const there = models.filter((model) => model.environment === null && model.missingBytes === 0);
  const packaged = models.filter((model) => model.environment !== null);
  const bytes = coming.reduce((sum, { missingBytes, knownBytes }) => sum + (missingBytes ?? knownBytes), 0);
  const unknown = coming.filter(({ missingBytes }) => missingBytes === null).length;
  const gated = coming.filter(({ acceptUrl }) => acceptUrl !== null);
  const lines = [
    ...(coming.length === 0 ? ['Nothing has to be fetched.'] : ['To fetch:']),
    ...renderTable(
      coming.map((model) => [
        model.id,
        sizeOf({ bytes: model.missingBytes ?? model.knownBytes, locked: model.missingBytes !== null }),
        licenceOf(model),
      ]),
      { indent: '  ' },
    ),
    ...(there.length > 0 ? [`Stored already: ${there.map(({ id }) => id).join(', ')}`] : []),
    ...(packaged.length > 0
      ? [`With environments: ${packaged.map(({ id, environment }) => `${id} (${environment})`).join(', ')}`]
      : []),
    ...(coming.length > 0
      ? [
          `Total ${unknown > 0 ? 'at least ' : ''}${formatBytes(bytes)}, ${unknown > 0 ? 'more than ' : 'about '}${assumedMinutes(bytes)} min at 100 Mbit/s; ${formatBytesShort(space.freeBytes)} free for ${space.store}`,
        ]
      : []),
    ...gated.map(({ id, acceptUrl }) => `${id} is gated: accept its terms at ${acceptUrl}`),
  ];
  return `${lines.join('\n')}\n`;
}

/** How one model ended. */
export interface FetchedModel {
  readonly id: string;
  readonly result: 'stored already' | 'fetched' | 'imported' | 'environment ready' | 'failed';
  readonly fetchedBytes: number;
  /** Taken from another model that has the same file. */
  readonly linkedBytes: number;
  readonly seconds: number;
  readonly why: string;
}

/** The table at the end, and its last line. */
export function formatFetched(models: readonly FetchedModel[]): string {
  if (models.length === 0) return 'None of these models is for this machine.\n';
  const done = models.filter(({ result }) => result !== 'failed').length;
  const rows = models.map(({ id, result, fetchedBytes, linkedBytes, seconds, why }) => [
    result === 'failed' ? '✗' : '✓',
    id,
    result,
    [
      ...(fetchedBytes > 0
        ? [`${formatBytes(fetchedBytes)}${seconds > 0 ? ` in ${formatDuration(seconds)}` : ''}`]
        : []),
      ...(linkedBytes > 0 ? [`${formatBytesShort(linkedBytes)} shared with another model`] : []),
      ...(why === '' ? [] : [why]),
    ].join('; '),
  ]);
  return `${[...renderTable(rows), `everything stored: ${done === models.length ? 'yes' : 'no'}, ${done} of ${models.length}`].join('\n')}\n`;
}
