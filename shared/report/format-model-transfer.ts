import { escapeText } from './escape-text.ts';
import { formatBytes } from './format-bytes.ts';
import { renderTable } from './render-table.ts';

/** What `models import` and `models adopt` report of one model. */
export interface TakenModel {
  readonly id: string;
  readonly imported: readonly { readonly path: string }[];
  readonly already: readonly string[];
  readonly wrong: readonly { readonly path: string; readonly from: string; readonly why: string }[];
  readonly missing: readonly string[];
  readonly complete: boolean;
}

export interface TakenModels {
  readonly from: string;
  readonly models: readonly TakenModel[];
  readonly entries: readonly {
    readonly id: string;
    readonly what: 'added' | 'locked' | 'refused';
    readonly why?: string;
  }[];
  readonly refused: readonly { readonly name: string; readonly why: string }[];
  readonly unknown: readonly string[];
  readonly bytes: number;
  /** Files that the store shares with the folder now. */
  readonly sharedWith?: readonly string[];
}

export interface ExportedModels {
  readonly to: string;
  readonly form: string;
  readonly models: readonly { readonly id: string; readonly files: number; readonly bytes: number }[];
  readonly leftOut: readonly { readonly id: string; readonly why: string }[];
  readonly bytes: number;
}

export interface Collected {
  readonly dryRun: boolean;
  readonly garbage: readonly { readonly path: string; readonly what: string; readonly bytes: number }[];
  readonly kept: readonly { readonly path: string; readonly why: string }[];
  readonly freedBytes: number;
  readonly stillRequired: readonly { readonly id: string; readonly by: readonly string[] }[];
}

const SHOWN = 10;

const count = (number: number, word: string): string => `${number} ${word}${number === 1 ? '' : 's'}`;
const rest = (number: number): readonly string[] => (number > SHOWN ? [`  and ${number - SHOWN} more`] : []);

/** Nothing that was looked at is wrong, and every model of which something was there is complete. */
export const isTaken = ({ models, refused }: TakenModels): boolean =>
  models.length > 0 && refused.length === 0 && models.every(({ complete, wrong }) => complete && wrong.length === 0);

/** `models import` and `models adopt` as lines. */
export function formatTaken(report: TakenModels): string {
  const { models, entries, refused, unknown, bytes, from, sharedWith = [] } = report;
  const rows = models.map((model) => [
    model.complete ? '✓' : '✗',
    model.id,
    model.imported.length > 0 ? `${count(model.imported.length, 'file')} taken` : 'nothing taken',
    [
      ...(model.already.length > 0 ? [`${model.already.length} stored already`] : []),
      ...(model.missing.length > 0 ? [`not found: ${some(model.missing)}`] : []),
      ...model.wrong.map(({ path, why }) => `${path} refused: ${why}`),
    ].join('; '),
  ]);
  const lines = [
    ...renderTable(rows),
    ...entries.map(
      ({ id, what, why }) => `entry ${escapeText(id)}: ${what}${why === undefined ? '' : `, ${escapeText(why)}`}`,
    ),
    ...refused.slice(0, SHOWN).map(({ name, why }) => `refused ${escapeText(name)}: ${escapeText(why)}`),
    ...rest(refused.length),
    ...(sharedWith.length > 0
      ? [`${count(sharedWith.length, 'file')} without a second copy: who changes it there changes it here`]
      : []),
    ...(unknown.length > 0 ? [`${count(unknown.length, 'file')} of no known model left alone`] : []),
  ];
  const complete = models.filter((model) => model.complete).length;
  const last =
    models.length === 0
      ? `No known model was found in ${escapeText(from)}.`
      : `${bytes === 0 ? 'Nothing new' : formatBytes(bytes)} from ${escapeText(from)}; ${complete} of ${count(models.length, 'model')} complete.`;
  return [...lines, last].join('\n');
}

const some = (names: readonly string[]): string =>
  names.length <= 3 ? names.join(', ') : `${names.slice(0, 3).join(', ')} and ${names.length - 3} more`;

/** `models export` as lines. */
export function formatExported({ to, form, models, leftOut, bytes }: ExportedModels): string {
  return [
    ...renderTable(models.map(({ id, files, bytes: own }) => ['✓', id, count(files, 'file'), formatBytes(own)])),
    ...renderTable(leftOut.map(({ id, why }) => ['-', id, why])),
    `${formatBytes(bytes)} in ${escapeText(to)} (${form}). On the other machine:  ./babelreel.sh models import ${escapeText(to)}`,
  ].join('\n');
}

/** `models gc` as lines. */
export function formatCollected({ dryRun, garbage, kept, freedBytes, stillRequired }: Collected): string {
  const shown = renderTable(
    garbage.map(({ path, what, bytes }) => [what, formatBytes(bytes), path]),
    { indent: '  ' },
  );
  const will = dryRun ? 'would come free' : 'came free';
  return [
    ...(shown.length === 0 ? [] : [dryRun ? 'Would be removed:' : 'Removed:', ...shown]),
    ...(kept.length === 0
      ? []
      : [
          'Kept:',
          ...renderTable(
            kept.slice(0, SHOWN).map(({ path, why }) => [path, why]),
            { indent: '  ' },
          ),
          ...rest(kept.length),
        ]),
    ...stillRequired.map(({ id, by }) => `⚠ ${escapeText(id)} is still required by ${escapeText(by.join(', '))}`),
    garbage.length === 0
      ? 'Nothing to remove.'
      : `${count(garbage.length, 'thing')}, ${formatBytes(freedBytes)} ${will}.`,
  ].join('\n');
}
