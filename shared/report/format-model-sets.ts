import { formatBytes } from './format-bytes.ts';
import { renderTable } from './render-table.ts';

/** A model as `cache-models --help` shows it. */
export interface SetModel {
  readonly id: string;
  /** Bytes the registry knows of; null when it knows of none yet. */
  readonly bytes: number | null;
  /** Every size is known. */
  readonly locked: boolean;
  readonly licence: string;
  readonly commercial: 'yes' | 'no' | 'unstated';
  readonly gated: boolean;
  readonly languages: readonly string[];
}

export interface SetRow {
  readonly flag: string;
  readonly purpose: string;
  /** Part of `--all`. */
  readonly all: boolean;
  readonly models: readonly SetModel[];
  /** Fetched by the flag for a language of `--lang`. */
  readonly perLanguage: readonly SetModel[];
  /** Fetched by `--model ID` or `--everything` alone. */
  readonly alternatives: readonly SetModel[];
}

/** `3.09 GB / 2.88 GiB`, `≥ …` while a size is not known, `not known yet`. */
export const sizeOf = ({ bytes, locked }: Pick<SetModel, 'bytes' | 'locked'>): string =>
  bytes === null || (bytes === 0 && !locked) ? 'not known yet' : `${locked ? '' : '≥ '}${formatBytes(bytes)}`;

/** `MIT`, `CC-BY-NC-4.0 (not commercial)`. */
export const licenceOf = ({ licence, commercial }: Pick<SetModel, 'licence' | 'commercial'>): string =>
  commercial === 'yes' || licence === 'unstated'
    ? licence
    : `${licence} (${commercial === 'no' ? 'not commercial' : 'commercial use unstated'})`;

const total = (models: readonly SetModel[]): string =>
  sizeOf({
    bytes: models.reduce((sum, { bytes }) => sum + (bytes ?? 0), 0),
    locked: models.every(({ locked }) => locked),
  });

const rowOf = (model: SetModel, note: string): readonly string[] => [
  model.id,
  sizeOf(model),
  [licenceOf(model), ...(model.gated ? ['terms to accept'] : []), ...(note === '' ? [] : [note])].join(', '),
];

/** Every flag of cache-models with its models, sizes, licences and gates, all from the registry. */
export function formatModelSets(sets: readonly SetRow[]): string {
  const lines = sets.flatMap((set) => [
    `--${set.flag}${set.all ? ' (in --all)' : ''}: ${set.purpose}; ${total(set.models)}`,
    ...renderTable(
      [
        ...set.models.map((model) => rowOf(model, '')),
        ...set.perLanguage.map((model) => rowOf(model, `with --lang ${model.languages.join(',')}`)),
        ...set.alternatives.map((model) => rowOf(model, 'only by --model or --everything')),
      ],
      { indent: '    ' },
    ),
  ]);
  return `${lines.join('\n')}\n`;
}
