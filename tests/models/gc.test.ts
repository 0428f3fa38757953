import {
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { collectGarbage } from '../../shared/models/transfer/collect-garbage.ts';
import { ownedName } from '../../shared/store/owned-name.ts';
import {
  type Contents,
  digestsBelow,
  hubEntry,
  type Machine,
  makeMachine,
  REVISION,
  writeFiles,
} from './transfer-material.ts';

const ONE: Contents = { 'config.json': '{"one":1}', 'model.bin': 'weights of one' };
const PART: Contents = { 'config.json': '{"one":1}', 'extra.bin': 'weights of the extra part' };
const PLAIN: Contents = { 'voice.th': 'plain bytes' };
const COMMIT = `${REVISION}1`;
const OLD = 'b'.repeat(40);

let machine: Machine;
let repo: string;
const gc = (more: object = {}) =>
  collectGarbage({ registry: machine.registry(), places: machine.places, dryRun: false, settledMs: 0, ...more });
const names = (all: readonly { readonly path: string; readonly what: string }[]) =>
  all.map(({ path, what }) => [path.slice(machine.root.length + 1), what]).sort();
const everything = () => Object.keys(digestsBelow(machine.root)).filter((path) => !path.startsWith('.lock'));

beforeEach(async () => {
  machine = makeMachine();
  repo = join(machine.root, 'huggingface/hub/models--org--asr.one');
  const entry = hubEntry('asr.one', ONE);
  machine.list(entry);
  // Another model of the same repository and revision, with a file that both have.
  machine.list({ ...hubEntry('asr.part', PART), source: entry.source, requires: ['asr.one'] });
  const source = { type: 'url', base: 'https://files.test/x', folder: 'torch/hub/checkpoints' } as const;
  machine.list({ ...hubEntry('asr.plain', PLAIN), source });
  for (const [id, contents] of [
    ['asr.part', PART],
    ['asr.one', ONE],
    ['asr.plain', PLAIN],
  ] as const)
    await machine.store(id, contents);
});
afterEach(() => machine[Symbol.dispose]());

/** What stopped programs and earlier registries leave. */
function litter(): void {
  writeFiles(repo, {
    'blobs/old-blob': 'bytes of an older revision',
    'blobs/nobody': 'a blob that nothing links to',
    'blobs/x.1.incomplete': 'cut off',
    [`trees/${OLD}.json`]: '{}',
    'refs/v1': OLD,
  });
  mkdirSync(join(repo, 'snapshots', OLD), { recursive: true });
  symlinkSync('../../blobs/old-blob', join(repo, 'snapshots', OLD, 'model.bin'));
  writeFiles(machine.root, {
    'incoming/0123.part': 'half a download',
    'quarantine/4567': 'wrong bytes',
    'assembled/asr.gone/index.json': '{}',
    'huggingface/hub/models--some--body/blobs/0': 'of another program',
  });
}

const LITTER = [
  ['assembled/asr.gone', 'leftover'],
  ['huggingface/hub/models--org--asr.one/blobs/nobody', 'blob'],
  ['huggingface/hub/models--org--asr.one/blobs/old-blob', 'blob'],
  ['huggingface/hub/models--org--asr.one/blobs/x.1.incomplete', 'partial-download'],
  ['huggingface/hub/models--org--asr.one/refs/v1', 'revision'],
  [`huggingface/hub/models--org--asr.one/snapshots/${OLD}`, 'revision'],
  [`huggingface/hub/models--org--asr.one/trees/${OLD}.json`, 'revision'],
  ['incoming/0123.part', 'partial-download'],
  ['quarantine/4567', 'quarantined'],
];

test('a store without litter has nothing to remove', async () => {
  const before = everything();
  expect((await gc()).garbage).toEqual([]);
  expect(everything()).toEqual(before);
});

test('a dry run changes nothing and names exactly what is removed then, with the bytes', async () => {
  const clean = everything();
  litter();
  const littered = everything();
  const plan = await gc({ dryRun: true });
  expect(everything()).toEqual(littered);
  expect(names(plan.garbage)).toEqual(LITTER);
  expect(plan.kept.map(({ path }) => path)).toEqual([join(machine.root, 'huggingface/hub/models--some--body')]);
  const texts = [
    'bytes of an older revision',
    'a blob that nothing links to',
    'cut off',
    '{}',
    OLD,
    'half a download',
    'wrong bytes',
    '{}',
  ];
  expect(plan.bytes).toBe(texts.join('').length);

  const done = await gc();
  expect(done).toEqual({ ...plan, dryRun: false });
  expect(everything()).toEqual([...clean, 'huggingface/hub/models--some--body/blobs/0'].sort());
  expect(existsSync(join(machine.root, 'quarantine'))).toBe(false);
  expect((await gc({ unknownRepositories: true })).garbage).toHaveLength(1);
  expect(everything()).toEqual(clean);
});

test('a revision that a job is locked to stays, and so does a blob that was written a moment ago', async () => {
  litter();
  const { garbage } = await gc({ keepJobs: [{ id: 'asr.one', revision: OLD }], settledMs: 60_000 });
  expect(names(garbage).map(([path]) => path)).toEqual(['assembled/asr.gone', 'incoming/0123.part', 'quarantine/4567']);
  expect(readFileSync(join(repo, 'snapshots', OLD, 'model.bin'), 'utf8')).toBe('bytes of an older revision');
});

test('removing a model takes only what no other model has', async () => {
  const report = await gc({ remove: ['asr.one'] });
  const sha256 = machine.registry().model('asr.one').files?.[1]?.sha256;
  expect(names(report.garbage)).toEqual([
    [`huggingface/hub/models--org--asr.one/blobs/${sha256}`, 'blob'],
    [`huggingface/hub/models--org--asr.one/snapshots/${COMMIT}/model.bin`, 'other'],
  ]);
  expect(report.stillRequired).toEqual([{ id: 'asr.one', by: ['asr.part'] }]);
  expect(readFileSync(join(repo, 'snapshots', COMMIT, 'config.json'), 'utf8')).toBe(ONE['config.json']);
  expect(readFileSync(join(repo, 'snapshots', COMMIT, 'extra.bin'), 'utf8')).toBe(PART['extra.bin']);
});

test('removing all models of a repository leaves nothing of it, and a plain file goes by its model', async () => {
  await gc({ remove: ['asr.one', 'asr.part', 'asr.plain'] });
  expect(everything()).toEqual([]);
  expect(existsSync(repo)).toBe(false);
  await expect(gc({ remove: ['asr.on'] })).rejects.toMatchObject({ code: 'ERR_MODEL_UNKNOWN' });
});

test('a blob stays however its snapshot leads to it', async () => {
  const link = join(repo, 'snapshots', COMMIT, 'model.bin');
  symlinkSync(machine.root, join(machine.dir, 'other-name'));
  const target = join(machine.dir, 'other-name', relative(machine.root, realpathSync(link)));
  rmSync(link);
  symlinkSync(target, link);
  // And one that is a link itself, into a folder that repositories share.
  const blob = realpathSync(join(repo, 'snapshots', COMMIT, 'extra.bin'));
  renameSync(blob, join(machine.dir, 'shared-blob'));
  symlinkSync(join(machine.dir, 'shared-blob'), blob);
  expect((await gc()).garbage).toEqual([]);
  expect(readFileSync(link, 'utf8')).toBe(ONE['model.bin']);
});

test('bytes that have another name elsewhere do not count as freed', async () => {
  writeFiles(repo, { 'blobs/shared': 'x'.repeat(5_000) });
  linkSync(join(repo, 'blobs/shared'), join(machine.dir, 'elsewhere'));
  const { garbage, bytes, freedBytes } = await gc();
  expect(garbage).toHaveLength(1);
  expect([bytes, freedBytes]).toEqual([5_000, 0]);
});

test('the repository of an unlocked model is left alone, and files of a living process too', async () => {
  litter();
  const living = join(machine.root, 'incoming', ownedName('.import'));
  writeFileSync(living, 'being written');
  const entry = hubEntry('asr.one', ONE);
  const { revision: _, ...source } = entry.source as typeof entry.source & { revision?: string };
  machine.list({ ...entry, source: { ...source, allow: ['*'] } as typeof entry.source, files: [] });
  const { garbage, kept } = await gc();
  expect(names(garbage).filter(([path]) => path?.startsWith('huggingface'))).toEqual([]);
  expect(kept.map(({ path }) => path)).toContain(repo);
  expect(existsSync(living)).toBe(true);
  rmSync(living);
  expect(existsSync(dirname(living))).toBe(true);
});
