import type { ModelLook, StoreAudit } from '../contract/model-audit.ts';
import { escapeText } from './escape-text.ts';
import { formatBytes } from './format-bytes.ts';
import { sizeOf } from './format-model-sets.ts';
import { isStored, meaningOf, signOf } from './format-model-state.ts';
import { renderTable } from './render-table.ts';

/** What is said of somebody's folder beside what an audit of the store says. */
export interface FolderFacts {
  readonly dir: string;
  /** In it and of no use to the models that were looked for. */
  readonly notNeeded: readonly { readonly name: string; readonly bytes: number }[];
  readonly couldRunOffline: {
    readonly yes: boolean;
    readonly models: readonly { readonly id: string; readonly yes: boolean }[];
  };
}

export interface ModelAuditReport {
  readonly audit: StoreAudit;
  /** Known models that nothing needs and of which nothing is there. */
  readonly others: readonly { readonly id: string; readonly bytes: number; readonly locked: boolean }[];
  /** List `others` one by one. */
  readonly all: boolean;
  /** Job -> the models it is locked to. */
  readonly jobs: ReadonlyMap<string, readonly string[]>;
  /** Null for the store. */
  readonly folder: FolderFacts | null;
  /** The command that brings what is missing; null where there is none to bring. */
  readonly next: string | null;
}

const SHOWN = 5;

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);
const count = (number: number, word: string): string => `${number} ${word}${number === 1 ? '' : 's'}`;
const percent = (part: number, whole: number): string => (whole === 0 ? '' : `, ${Math.round((part / whole) * 100)} %`);

export const isWholly = ({ complete, of }: StoreAudit['stored']): boolean => of > 0 && complete === of;

/** `everything stored: yes, 8 of 8`. */
export const storedLine = (stored: StoreAudit['stored']): string =>
  `everything stored: ${isWholly(stored) ? 'yes' : 'no'}, ${stored.complete} of ${stored.of}`;

/** `models audit` as lines: the models, the store, what to think about, and the answer last. */
export function formatModelAudit(report: ModelAuditReport): string {
  const { audit, folder, next } = report;
  const head = folder === null ? `Models in ${audit.roots.join(', ')}` : `Models found in ${folder.dir}`;
  return [
    escapeText(head),
    ...modelLines(audit.models),
    '',
    ...renderTable([...storeRows(report), ...adviceRows(report), ...(next === null ? [] : [['next', next]])], {
      indent: '  ',
    }),
    ...(folder === null ? [] : [offlineLine(folder)]),
    storedLine(audit.stored),
  ].join('\n');
}

/** A line for each model; below one that is not stored what is wrong with it, a line for each fact. */
function modelLines(models: readonly ModelLook[]): readonly string[] {
  if (models.length === 0) return ['  none'];
  const rows = renderTable(
    models.map((model) => [signOf(model.state), model.state, model.id, sizeOf(model)]),
    { indent: '  ' },
  );
  return models.flatMap((model, index) => [
    rows[index] ?? '',
    ...factsOf(model).map((fact) => `       ${escapeText(fact)}`),
  ]);
}

/** What its own sentence says, and of its own damaged files what is wrong with them: that they are missing is said already. */
export function factsOf(model: ModelLook): readonly string[] {
  if (isStored(model.state)) return [];
  const damaged = model.problems.filter(({ state, model: of }) => of === model.id && state !== 'missing');
  return [
    ...(model.why ?? meaningOf(model.state)).split(/; (?!needed by )/),
    ...damaged.slice(0, SHOWN).flatMap(({ path, why }) => (why === undefined ? [] : [`${path}: ${why}`])),
    ...(damaged.length > SHOWN ? [`and ${count(damaged.length - SHOWN, 'more file')}`] : []),
  ];
}

function storeRows({ audit, folder }: ModelAuditReport): readonly (readonly [string, string])[] {
  const { store, hashedBytes, deep } = audit;
  const from = store.capacityFrom === 'quota' ? 'quota' : 'disk';
  const used = `${formatBytes(store.usedBytes)} of ${formatBytes(store.capacityBytes)} (${from})${percent(store.usedBytes, store.capacityBytes)}`;
  const { additionalBytes, projectedBytes, projectedPercent } = store;
  const after =
    additionalBytes === null || projectedBytes === null
      ? 'not known: a model was never looked up at its hub (./babelreel.sh models lock)'
      : additionalBytes === 0
        ? 'nothing'
        : `${formatBytes(additionalBytes)}; then ${formatBytes(projectedBytes)}${projectedPercent === null ? '' : `, ${Math.round(projectedPercent)} %`}`;
  return [
    ['used', used],
    [folder === null ? 'to fetch' : 'would come', after],
    ...(deep
      ? [['hashed', hashedBytes === 0 ? 'nothing: every digest was known' : formatBytes(hashedBytes)] as const]
      : []),
  ];
}

function adviceRows({ audit, others, all, jobs, folder }: ModelAuditReport): readonly (readonly [string, string])[] {
  const rows: (readonly [string, string])[] = [];
  const { orphans, duplicates, models } = audit;
  if (orphans.length > 0) {
    const bytes = sum(orphans.map((orphan) => orphan.bytes));
    const hint = folder === null ? '; ./babelreel.sh models gc --dry-run says what can go' : '';
    rows.push(['unknown', `${count(orphans.length, 'thing')} that no known model needs, ${formatBytes(bytes)}${hint}`]);
    if (folder !== null)
      rows.push(...orphans.slice(0, SHOWN).map((orphan) => ['', `${orphan.what} ${orphan.path}`] as const));
  }
  if (folder !== null && folder.notNeeded.length > 0) {
    const bytes = sum(folder.notNeeded.map((one) => one.bytes));
    rows.push(['not needed', `${formatBytes(bytes)} that these models have no use for`]);
    rows.push(
      ...folder.notNeeded.slice(0, SHOWN).map((one) => ['', `${one.name}, ${formatBytes(one.bytes)}`] as const),
    );
  }
  if (duplicates.length > 0) {
    const bytes = sum(duplicates.map((one) => one.bytes * (one.paths.length - 1)));
    rows.push([
      'twice',
      `${count(duplicates.length, 'file')} with the same content, ${formatBytes(bytes)} could be saved`,
    ]);
    rows.push(...duplicates.slice(0, SHOWN).map((one) => ['', one.paths.join(' = ')] as const));
  }
  rows.push(...licenceRows(models));
  const unverified = models.filter(({ state }) => state === 'complete-unverified').length;
  if (unverified > 0) rows.push(['unverified', `${count(unverified, 'model')}; --deep compares their digests`]);
  rows.push(...jobRows(models, jobs));
  if (all)
    rows.push(
      ...others.map(
        ({ id, bytes }) => ['not stored', `${id}${bytes === null ? '' : `, ${formatBytes(bytes)}`}`] as const,
      ),
    );
  else if (others.length > 0)
    rows.push(['not stored', `${count(others.length, 'other known model')}; --all names them`]);
  return rows;
}

function licenceRows(models: readonly ModelLook[]): readonly (readonly [string, string])[] {
  const of = (commercial: ModelLook['commercial']): string =>
    models.flatMap((model) => (model.commercial === commercial ? [model.id] : [])).join(', ');
  const gated = models.flatMap((model) => (model.gated ? [model.id] : [])).join(', ');
  return (
    [
      ['licences', of('no') === '' ? '' : `not for commercial use: ${of('no')}`],
      ['licences', of('unstated') === '' ? '' : `commercial use unstated: ${of('unstated')}`],
      ['gated', gated === '' ? '' : `terms to accept and a token for ${gated}`],
    ] as const
  ).filter(([, text]) => text !== '');
}

/** Jobs that lack a model, and how many have all. */
function jobRows(models: readonly ModelLook[], jobs: ModelAuditReport['jobs']): readonly (readonly [string, string])[] {
  const states = new Map(models.map(({ id, state }) => [id, state]));
  const lacking = [...jobs].flatMap(([job, needed]) => {
    const gone = needed.filter((id) => !isStored(states.get(id) ?? 'missing'));
    return gone.length === 0 ? [] : [[job, gone] as const];
  });
  if (jobs.size === 0) return [];
  const able = jobs.size - lacking.length;
  return [
    [
      'jobs',
      `${able} of ${count(jobs.size, 'job')} ${jobs.size === 1 ? 'has' : 'have'} every model they are locked to`,
    ],
    ...lacking.slice(0, SHOWN).map(([job, gone]) => ['', `${job} lacks ${gone.join(', ')}`] as const),
    ...(lacking.length > SHOWN ? [['', `and ${count(lacking.length - SHOWN, 'more job')}`] as const] : []),
  ];
}

function offlineLine({ couldRunOffline: { yes, models } }: FolderFacts): string {
  if (models.length === 0) return 'could run offline: no, no known model is in it';
  const able = models.flatMap((model) => (model.yes ? [model.id] : []));
  if (yes) return `could run offline: yes, ${escapeText(able.join(', '))}`;
  return `could run offline: no${able.length === 0 ? '' : `, only ${escapeText(able.join(', '))}`}`;
}
