import { expect, test } from 'vitest';
import type { ModelEntry } from '../contract/model.ts';
import { formatModelFacts, type ModelFacts } from './format-model-facts.ts';
import { formatModelList, type ListedModelRow } from './format-model-list.ts';
import { formatLocked } from './format-model-locked.ts';
import { formatModelRequest, formatModelServer } from './format-model-request.ts';
import { formatCollected, formatTaken, isTaken, type TakenModels } from './format-model-transfer.ts';

const row = (id: string, more: Partial<ListedModelRow> = {}): ListedModelRow => ({
  id,
  role: 'asr',
  engines: ['whisperx'],
  state: 'complete',
  bytes: 2e9,
  locked: true,
  licence: 'MIT',
  commercial: 'yes',
  gated: false,
  at: '/store/x',
  ...more,
});

test('a list has a line for each model under its role, and the sum of what is stored', () => {
  const text = formatModelList([
    row('asr.one'),
    row('asr.two', { state: 'missing', at: null }),
    row('translate.three', {
      role: 'translate',
      state: 'blocked',
      commercial: 'no',
      gated: true,
      locked: false,
      at: null,
    }),
  ]);
  expect(text.split('\n').map((line) => line.trim().split(/ {2,}/).slice(0, 4))).toEqual([
    ['model', 'size', 'state', 'engine'],
    ['asr'],
    ['✓', 'asr.one', '2.00 GB / 1.86 GiB', 'complete'],
    ['-', 'asr.two', '2.00 GB / 1.86 GiB', 'missing'],
    ['translate'],
    ['✗', 'translate.three', '≥ 2.00 GB / 1.86 GiB', 'blocked'],
    ['3 models, 1 stored: 2.00 GB / 1.86 GiB.'],
  ]);
  expect(text).toContain('MIT (not commercial), terms to accept');
});

test('the page of a model says what it is, where it comes from, what is wrong with a file and what it requires', () => {
  const facts: ModelFacts = {
    entry: {
      id: 'asr.one',
      role: 'asr',
      purpose: 'Hears',
      engines: ['whisperx'],
      source: { type: 'hub', repo: 'org/one', branch: 'main', aliases: ['old/one'], allow: [] },
      licence: { id: 'MIT', commercial: 'yes' },
      gate: { acceptUrl: 'https://example.org/one' },
    } as unknown as ModelEntry,
    state: 'corrupt',
    why: 'weights (model.bin) truncated, 1 of 2 bytes',
    revision: null,
    locked: false,
    digest: null,
    dir: '/store/one',
    bytes: 2,
    files: [
      {
        path: 'model.bin',
        kind: 'weights',
        bytes: 2,
        sha256: 'ab'.repeat(32),
        state: 'truncated',
        why: '1 of 2 bytes.',
      },
      { path: 'new\u001b[2J.json', kind: 'config', bytes: null, sha256: null, state: 'missing', why: null },
    ],
    closure: [{ id: 'support.two', state: 'complete', bytes: 3, locked: true }],
    flags: ['--whisperx', '--model asr.one'],
    neededBy: { models: [], engines: [], jobs: ['a', 'b', 'c', 'd', 'e', 'f', 'g'] },
  };
  const text = formatModelFacts(facts);
  expect(text).toContain('hub org/one, revision of branch main, not known yet, earlier old/one');
  expect(text).toMatch(/accept at +https:\/\/example\.org\/one/);
  expect(text).toMatch(/✗ {2}truncated +weights +2 B \/ 2 B +abababababab {2}model\.bin/);
  expect(text).toMatch(/What is wrong:\n +model\.bin {2}1 of 2 bytes\./);
  expect(text).toContain('a, b, c, d, e and 2 more');
  expect(text).toMatch(/Requires, with it ≥ 5 B \/ 5 B:\n +✓ {2}complete {2}support\.two/);
  expect(text).not.toContain('\u001b');
});

const taken = (more: Partial<TakenModels> = {}): TakenModels => ({
  from: '/mnt/usb',
  models: [{ id: 'asr.one', imported: [{ path: 'a' }], already: [], wrong: [], missing: [], complete: true }],
  entries: [],
  refused: [],
  unknown: [],
  bytes: 2e9,
  ...more,
});

test('an import is well when every model is complete and nothing was refused', () => {
  expect(isTaken(taken())).toBe(true);
  expect(formatTaken(taken())).toBe(
    '✓  asr.one  1 file taken\n2.00 GB / 1.86 GiB from /mnt/usb; 1 of 1 model complete.',
  );
  expect(isTaken(taken({ models: [] }))).toBe(false);
  expect(isTaken(taken({ refused: [{ name: '../x', why: 'It leads out.' }] }))).toBe(false);
  const wrong = { path: 'a', from: 'usb/a', why: 'It has 1 byte.' };
  const bad = taken({
    models: [{ id: 'asr.one', imported: [], already: [], wrong: [wrong], missing: ['b'], complete: false }],
  });
  expect(isTaken(bad)).toBe(false);
  expect(formatTaken(bad)).toContain('✗  asr.one  nothing taken  not found: b; a refused: It has 1 byte.');
});

test('a dry run of gc says what would go, a real one what went', () => {
  const plan = { garbage: [{ path: '/s/x', what: 'leftover', bytes: 5 }], kept: [], freedBytes: 5, stillRequired: [] };
  expect(formatCollected({ ...plan, dryRun: true })).toMatch(
    /^Would be removed:\n.*\/s\/x\n1 thing, 5 B \/ 5 B would come free\.$/,
  );
  expect(formatCollected({ ...plan, dryRun: false })).toMatch(/^Removed:/);
  expect(formatCollected({ ...plan, garbage: [], dryRun: false })).toBe('Nothing to remove.');
});

test('what was not tried for want of a server is counted with the rest', () => {
  const failed = {
    id: 'asr.one',
    outcome: 'failed' as const,
    revision: null,
    files: null,
    bytes: null,
    failure: {
      code: 'ERR_MODEL_SOURCE' as const,
      class: 'model' as const,
      stage: null,
      message: 'No.',
      cause: 'Why',
      fix: [],
      log: null,
    },
  };
  expect(formatLocked([failed], 4)).toBe(
    '✗  asr.one  failed  No. Why\nlocked: 0 of 5; 4 not tried, since no server answers',
  );
  expect(formatLocked([], 0)).toContain('Nothing to lock');
});

test('a server says what to type on the other machine, and a request cannot write control characters', () => {
  const text = formatModelServer({ url: 'http://10.0.0.1:8641', models: ['asr.one'], isLocal: false });
  expect(text).toContain('BABELREEL_MODELS_ENDPOINTS=http://10.0.0.1:8641 ./cache-models.sh --model asr.one');
  expect(text).toContain('HF_ENDPOINT=http://10.0.0.1:8641');
  const line = formatModelRequest({
    method: 'GET',
    url: '/a\u001b[2J',
    from: '10.0.0.2',
    status: 200,
    bytes: 2e6,
    ms: 1500,
    aborted: false,
  });
  expect(line).toBe('10.0.0.2  200 GET /a\\x1b[2J  2.0 MB in 1.5 s');
});
