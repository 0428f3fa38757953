import { expect, test } from 'vitest';
import type { ModelLook, StoreAudit } from '../contract/model-audit.ts';
import { formatModelAudit, type ModelAuditReport } from './format-model-audit.ts';

const look = (id: string, more: Partial<ModelLook> = {}): ModelLook => ({
  id,
  role: 'asr',
  state: 'complete',
  own: 'complete',
  locked: true,
  dir: `/store/${id}`,
  problems: [],
  why: null,
  bytes: 2e9,
  presentBytes: 2e9,
  missingBytes: 0,
  commercial: 'yes',
  gated: false,
  ...more,
});

const report = (audit: Partial<StoreAudit> = {}, more: Partial<ModelAuditReport> = {}): ModelAuditReport => ({
  audit: {
    schema: 'model-audit/1',
    roots: ['/store'],
    deep: false,
    models: [look('asr.one')],
    orphans: [],
    duplicates: [],
    store: {
      usedBytes: 2e9,
      logicalBytes: 2e9,
      capacityBytes: 100e9,
      capacityFrom: 'quota',
      additionalBytes: 0,
      projectedBytes: 2e9,
      projectedPercent: 2,
    },
    hashedBytes: 0,
    stored: { complete: 1, of: 1 },
    ...audit,
  },
  others: [],
  all: false,
  jobs: new Map(),
  folder: null,
  next: null,
  ...more,
});

const lines = (given: ModelAuditReport): readonly string[] => formatModelAudit(given).split('\n');

test('a complete store is short: its models, what it takes, and yes', () => {
  expect(lines(report())).toEqual([
    'Models in /store',
    '  ✓  complete  asr.one  2.00 GB / 1.86 GiB',
    '',
    '  used      2.00 GB / 1.86 GiB of 100.00 GB / 93.13 GiB (quota), 2 %',
    '  to fetch  nothing',
    'everything stored: yes, 1 of 1',
  ]);
});

test('below a model that is not stored each fact has its line, and who needs it stays with what is missing', () => {
  const why = 'index missing; tokenizer of support.two missing; needed by asr.one; terms have to be accepted';
  const text = formatModelAudit(
    report({ models: [look('asr.one', { state: 'partial', why })], stored: { complete: 0, of: 1 } }),
  );
  expect(text).toContain(
    [
      '  ✗  partial  asr.one  2.00 GB / 1.86 GiB',
      '       index missing',
      '       tokenizer of support.two missing; needed by asr.one',
      '       terms have to be accepted',
    ].join('\n'),
  );
  expect(text.endsWith('everything stored: no, 0 of 1')).toBe(true);
});

test('nothing counted is not everything', () => {
  expect(lines(report({ models: [], stored: { complete: 0, of: 0 } })).at(-1)).toBe('everything stored: no, 0 of 0');
});

test('what is to come is said with the percentage afterwards, or that nobody knows it', () => {
  const { store } = report().audit;
  const coming = { ...store, additionalBytes: 88e9, projectedBytes: 90e9, projectedPercent: 90 };
  expect(formatModelAudit(report({ store: coming }))).toContain(
    'to fetch  88.00 GB / 81.96 GiB; then 90.00 GB / 83.82 GiB, 90 %',
  );
  const unknown = { ...store, additionalBytes: null, projectedBytes: null, projectedPercent: null };
  expect(formatModelAudit(report({ store: unknown }))).toContain('./babelreel.sh models lock');
});

test('leftovers, duplicates, licences and jobs that lack something are each said with figures', () => {
  const text = formatModelAudit(
    report(
      {
        models: [look('asr.one', { commercial: 'no', gated: true }), look('asr.two', { commercial: 'unstated' })],
        orphans: [{ path: '/store/x', bytes: 3e6, what: 'partial-download' }],
        duplicates: [{ digest: 'sha256:1', bytes: 5e6, paths: ['/store/a', '/store/b', '/store/c'] }],
      },
      {
        jobs: new Map([
          ['film-1', ['asr.one']],
          ['film-2', ['asr.one', 'asr.gone']],
        ]),
      },
    ),
  );
  expect(text).toContain('1 thing that no known model needs, 3.00 MB / 2.86 MiB');
  expect(text).toContain('1 file with the same content, 10.00 MB / 9.54 MiB could be saved');
  expect(text).toContain('not for commercial use: asr.one');
  expect(text).toContain('commercial use unstated: asr.two');
  expect(text).toContain('terms to accept and a token for asr.one');
  expect(text).toContain('1 of 2 jobs have every model they are locked to');
  expect(text).toContain('film-2 lacks asr.gone');
  expect(text).not.toContain('film-1 lacks');
});

test('names from a disk cannot move the cursor', () => {
  const text = formatModelAudit(report({ roots: ['/store\u001b[2J'] }));
  expect(text).not.toContain('\u001b');
});

test("somebody's folder is judged by whether it could run offline", () => {
  const folder = (able: boolean): ModelAuditReport['folder'] => ({
    dir: '/mnt/volume',
    notNeeded: [{ name: 'openai/clip', bytes: 1e9 }],
    couldRunOffline: {
      yes: false,
      models: [
        { id: 'asr.one', yes: able },
        { id: 'asr.two', yes: false },
      ],
    },
  });
  expect(lines(report({}, { folder: folder(true) })).at(-2)).toBe('could run offline: no, only asr.one');
  expect(lines(report({}, { folder: folder(false) })).at(-2)).toBe('could run offline: no');
  expect(formatModelAudit(report({}, { folder: folder(true) }))).toContain('openai/clip, 1.00 GB / 953.67 MiB');
});
