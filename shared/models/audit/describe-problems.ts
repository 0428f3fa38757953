import { basename, dirname } from 'node:path';
import type { FileLook, FileState } from '../../contract/model-audit.ts';
import { figure } from './file-finding.ts';

const SAID: Readonly<Record<FileState, string>> = {
  ok: 'in order',
  unverified: 'not verified',
  missing: 'missing',
  truncated: 'truncated',
  oversize: 'too long',
  corrupt: 'damaged',
  unreadable: 'not readable',
  'dangling-link': 'only a link that leads nowhere',
  'lfs-pointer': 'only a pointer of Git LFS',
  'error-page': "a server's error page",
  unexpected: 'not one of its files, and could be run',
};

/** What has to be repaired first is said first. */
const ORDER: readonly FileState[] = [
  'missing',
  'dangling-link',
  'truncated',
  'oversize',
  'lfs-pointer',
  'error-page',
  'corrupt',
  'unreadable',
  'unexpected',
];
const KIND_ORDER: readonly FileLook['kind'][] = [
  'weights',
  'index',
  'config',
  'tokenizer',
  'processor',
  'dictionary',
  'code',
  'data',
];
/** More files of one kind than this are counted, not named. */
const MOST_NAMES = 3;
const SHARD = /^(.*)-(\d{5})-of-(\d{5})(\.\w+)$/;

export interface Described {
  /** The model that is looked at. */
  readonly id: string;
  readonly problems: readonly FileLook[];
  /** Number of files of each model of its closure; a model that lacks all of them is said to be missing as a whole. */
  readonly counts: ReadonlyMap<string, number>;
}

/**
 * One sentence without a full stop: what is wrong, by model, state and kind: "weights (shards 1–6 of 7), index and config missing; tokenizer of
 * support.wav2vec missing; needed by animate.talk". Empty when there is nothing.
 */
export function describeProblems({ id, problems, counts }: Described): string {
  const models = [...new Set(problems.map(({ model }) => model))].sort(
    (a, b) => Number(b === id) - Number(a === id) || (a < b ? -1 : 1),
  );
  const parts = models.flatMap((model) => {
    const its = problems.filter((look) => look.model === model);
    const of = model === id ? '' : ` of ${model}`;
    return ORDER.flatMap((state) => {
      const same = its.filter((look) => look.state === state);
      if (same.length === 0) return [];
      if (state === 'missing' && same.length === counts.get(model)) return [describeWhole(model, same)];
      return [`${describeKinds(same)}${of} ${SAID[state]}${figures(same)}`];
    });
  });
  const forOthers = models.some((model) => model !== id);
  return [...parts, ...(forOthers ? [`needed by ${id}`] : [])].join('; ');
}

function describeWhole(model: string, looks: readonly FileLook[]): string {
  const kinds = KIND_ORDER.filter((kind) => looks.some((look) => look.kind === kind)).join(', ');
  const bytes = looks.reduce((sum, look) => sum + (look.bytes ?? 0), 0);
  const known = looks.every((look) => look.bytes !== null) ? `, ${figure(bytes)} bytes` : '';
  return `all of ${model} missing: ${looks.length} ${looks.length === 1 ? 'file' : 'files'} (${kinds})${known}`;
}

function describeKinds(looks: readonly FileLook[]): string {
  const phrases = KIND_ORDER.flatMap((kind) => {
    const same = looks.filter((look) => look.kind === kind);
    return same.length === 0 ? [] : [describeKind(kind, same)];
  });
  const last = phrases.pop() ?? '';
  return phrases.length === 0 ? last : `${phrases.join(', ')} and ${last}`;
}

function describeKind(kind: FileLook['kind'], looks: readonly FileLook[]): string {
  const shards = looks.filter(({ path }) => SHARD.test(path));
  const others = looks.filter((look) => !shards.includes(look));
  // Of configs and the like the kind says enough when there is one; weights are known by their names.
  if (shards.length === 0 && others.length === 1 && kind !== 'weights' && kind !== 'code') return kind;
  const short = others.map(({ path }) => basename(path));
  const names = new Set(short).size === short.length ? short : others.map(({ path }) => path);
  const folders = new Set(others.map(({ path }) => dirname(path)));
  const [folder = '.'] = folders;
  if (shards.length === 0 && names.length > MOST_NAMES)
    return `${names.length} ${kind} files${folders.size === 1 && folder !== '.' ? ` in ${folder}` : ''}`;
  const listed = names.length > MOST_NAMES ? [`${names.length} other files`] : names;
  return `${kind} (${[...describeShards(shards), ...listed].join(', ')})`;
}

function describeShards(looks: readonly FileLook[]): readonly string[] {
  const numbersBySet = new Map<string, number[]>();
  for (const { path } of looks) {
    const [, stem = '', number = '', of = ''] = SHARD.exec(path) ?? [];
    const set = `${stem}/${of}`;
    numbersBySet.set(set, [...(numbersBySet.get(set) ?? []), Number(number)]);
  }
  return [...numbersBySet].map(([set, numbers]) => {
    const of = Number(set.slice(set.lastIndexOf('/') + 1));
    return `${numbers.length === 1 ? 'shard' : 'shards'} ${ranges(numbers)} of ${of}`;
  });
}

/** `1–6, 8`. */
function ranges(numbers: readonly number[]): string {
  const runs: { from: number; to: number }[] = [];
  for (const number of [...numbers].sort((a, b) => a - b)) {
    const run = runs.at(-1);
    if (run !== undefined && run.to + 1 === number) run.to = number;
    else runs.push({ from: number, to: number });
  }
  return runs.map(({ from, to }) => (from === to ? `${from}` : `${from}–${to}`)).join(', ');
}

/** The sizes of a single file whose size is wrong. */
function figures(looks: readonly FileLook[]): string {
  const [look] = looks;
  if (looks.length !== 1 || look === undefined || look.bytes === null || look.foundBytes === null) return '';
  return look.bytes === look.foundBytes ? '' : `, ${figure(look.foundBytes)} of ${figure(look.bytes)} bytes`;
}
