import type { ModelEntry } from '../contract/model.ts';
import type { FileState, ModelState } from '../contract/model-audit.ts';
import { formatBytes } from './format-bytes.ts';
import { licenceOf, sizeOf } from './format-model-sets.ts';
import { meaningOf, signOf, signOfFile } from './format-model-state.ts';
import { renderTable } from './render-table.ts';

export interface ModelFactsFile {
  readonly path: string;
  readonly kind: string;
  /** Null while it is not known. */
  readonly bytes: number | null;
  readonly sha256: string | null;
  readonly state: FileState;
  readonly why: string | null;
}

/** Everything `models show` says about one model; `--json` prints it as it is. */
export interface ModelFacts {
  readonly entry: ModelEntry;
  readonly state: ModelState;
  readonly why: string | null;
  readonly revision: string | null;
  readonly locked: boolean;
  /** Of the model with all it requires; null while something is not locked. */
  readonly digest: string | null;
  /** Absolute folder of its files. */
  readonly dir: string;
  /** Of its own files, as far as they are known. */
  readonly bytes: number;
  readonly files: readonly ModelFactsFile[];
  /** What it requires, also indirectly. */
  readonly closure: readonly {
    readonly id: string;
    readonly state: ModelState;
    readonly bytes: number;
    readonly locked: boolean;
  }[];
  /** Flags of cache-models that fetch it. */
  readonly flags: readonly string[];
  readonly neededBy: {
    readonly models: readonly string[];
    readonly engines: readonly string[];
    readonly jobs: readonly string[];
  };
}

const SHOWN_JOBS = 5;

function sourceOf({ source }: ModelEntry, revision: string | null): string {
  switch (source.type) {
    case 'hub': {
      const aliases = source.aliases.length === 0 ? '' : `, earlier ${source.aliases.join(', ')}`;
      return `hub ${source.repo}, revision ${revision ?? `of branch ${source.branch}, not known yet`}${aliases}`;
    }
    case 'url':
      return source.base;
    case 'local':
      return `copied from ${source.folder}`;
    case 'package':
      return `${source.manager} package ${source.name} ${source.version}, in environment ${source.environment}`;
  }
}

const fileSize = (bytes: number | null): string => (bytes === null ? 'size not known yet' : formatBytes(bytes));

const some = (names: readonly string[], limit: number): string =>
  names.length <= limit ? names.join(', ') : `${names.slice(0, limit).join(', ')} and ${names.length - limit} more`;

/** `models show ID` as lines. */
export function formatModelFacts(facts: ModelFacts): string {
  const { entry, files, closure, neededBy } = facts;
  const together = {
    bytes: [facts, ...closure].reduce((sum, { bytes }) => sum + bytes, 0),
    locked: [facts, ...closure].every(({ locked }) => locked),
  };
  const rows: readonly (readonly [string, string])[] = [
    ['state', `${facts.state}: ${facts.why ?? meaningOf(facts.state)}`],
    ['role', `${entry.role}, loaded by ${entry.engines.join(', ')}`],
    ...(entry.languages === undefined ? [] : [['languages', entry.languages.join(', ')] as const]),
    ['source', sourceOf(entry, facts.revision)],
    ['where', facts.dir],
    ['size', `${sizeOf(facts)} in ${files.length} ${files.length === 1 ? 'file' : 'files'}`],
    ...(facts.digest === null ? [] : [['digest', facts.digest] as const]),
    ...(facts.locked
      ? []
      : [['locked', `no; its first download does it, or ./babelreel.sh models lock ${entry.id}`] as const]),
    [
      'licence',
      [licenceOf({ licence: entry.licence.id, commercial: entry.licence.commercial }), entry.licence.note ?? '']
        .filter((part) => part !== '')
        .join('; '),
    ],
    ...(entry.gate === undefined ? [] : [['accept at', entry.gate.acceptUrl] as const]),
    ...(entry.platforms === undefined ? [] : [['only on', entry.platforms.join(', ')] as const]),
    ...(entry.lora === undefined ? [] : [['lora', loraOf(entry.lora)] as const]),
    ...(entry.load === undefined ? [] : [['loading', entry.load] as const]),
    ...(facts.flags.length === 0 ? [] : [['fetched by', `./cache-models.sh ${facts.flags.join(' | ')}`] as const]),
    ...(neededBy.engines.length === 0 ? [] : [['used by', neededBy.engines.join(', ')] as const]),
    ...(neededBy.models.length === 0 ? [] : [['required by', neededBy.models.join(', ')] as const]),
    ...(neededBy.jobs.length === 0 ? [] : [['jobs', some(neededBy.jobs, SHOWN_JOBS)] as const]),
  ];
  const list = renderTable(
    files.map((file) => [
      signOfFile(file.state),
      file.state,
      file.kind,
      fileSize(file.bytes),
      file.sha256?.slice(0, 12) ?? '',
      file.path,
    ]),
    { indent: '  ' },
  );
  const wrong = files.flatMap(({ path, why }) => (why === null ? [] : [[path, why]]));
  return [
    `${entry.id}: ${entry.purpose}`,
    ...renderTable(rows, { indent: '  ' }),
    ...(list.length === 0 ? [] : ['Files (state, kind, size, sha256, path):', ...list]),
    ...(wrong.length === 0 ? [] : ['What is wrong:', ...renderTable(wrong, { indent: '  ' })]),
    ...(closure.length === 0
      ? []
      : [
          `Requires, with it ${sizeOf(together)}:`,
          ...renderTable(
            closure.map((one) => [signOf(one.state), one.state, one.id, sizeOf(one)]),
            { indent: '  ' },
          ),
        ]),
  ].join('\n');
}

const loraOf = ({ base, trigger, steps }: NonNullable<ModelEntry['lora']>): string =>
  [`changes ${base}`, trigger === null ? '' : `wakes at "${trigger}"`, steps === null ? '' : `made for ${steps} steps`]
    .filter((part) => part !== '')
    .join(', ');
