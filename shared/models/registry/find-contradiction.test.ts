import { expect, test } from 'vitest';
import { ModelEntry } from '../../contract/model.ts';
import { findContradiction } from './find-contradiction.ts';

const file = { path: 'a.bin', bytes: 1, sha256: 'a'.repeat(64), kind: 'weights' };
const pip = { type: 'package', manager: 'pip', name: 'p', version: '1', environment: 'e', root: 'p' };
const hub = { type: 'hub', repo: 'org/name' };
const local = { type: 'local', folder: '/data/model' };

const judge = (more: object): string | null =>
  findContradiction(
    ModelEntry.parse({
      schema: 'model/1',
      id: 'asr.one',
      role: 'asr',
      purpose: 'test',
      engines: ['some'],
      source: hub,
      files: [file],
      licence: { id: 'MIT', commercial: 'yes' },
      ...more,
    }),
    'asr.one',
  );

test.each([
  ['another id than its name', { id: 'asr.two' }, '"asr.two"'],
  ['no files', { files: [] }, 'no files'],
  ['a file twice', { files: [file, file] }, 'a.bin" is listed twice'],
  ['a file that leads out', { files: [{ ...file, path: 'x/../../secret' }] }, 'x/../../secret'],
  ['a file that is a folder of another', { files: [file, { ...file, path: 'a.bin/b' }] }, '"a.bin" is a file and also'],
  ['a root outside of its package', { source: { ...pip, root: '../other' } }, '../other'],
  ['a file of a package without a digest', { source: pip, files: [{ path: 'a.bin', kind: 'weights' }] }, 'no digest'],
  ['a file of a folder without a digest', { source: local, files: [{ path: 'a', kind: 'weights' }] }, 'no digest'],
  [
    'a folder that leads out of the store',
    { source: { type: 'url', base: 'https://e.org', folder: 'a/../..' } },
    'a/../..',
  ],
  ['a branch that leads out of the store', { source: { ...hub, branch: '../../../x' } }, '../../../x'],
  [
    'a revision, every digest and patterns',
    { source: { ...hub, revision: 'c'.repeat(40), allow: ['*'] } },
    'only one of them',
  ],
  ['a group of one file', { files: [{ ...file, oneOf: 'w' }] }, '"w" has one file'],
  [
    'a choice among files of a package',
    {
      source: pip,
      files: [
        { ...file, oneOf: 'w' },
        { ...file, path: 'b', oneOf: 'w' },
      ],
    },
    '"w" leaves open',
  ],
  ['itself as a requirement', { requires: ['asr.one'] }, 'requires itself'],
  ['a step that leads out', { assemble: [{ model: 'asr.one', path: 'a.bin', to: '../a' }] }, '"../a"'],
  ['a step with a file of a stranger', { assemble: [{ model: 'b', path: 'a.bin', to: 'a' }] }, 'does not require'],
  [
    'a step with a file it does not have',
    { assemble: [{ model: 'asr.one', path: 'z', to: 'z' }] },
    'none of its files',
  ],
  ['a base model and is no LoRA', { lora: { base: 'b', trigger: null, steps: null } }, 'is no LoRA'],
  ['the role of a LoRA and no base model', { role: 'lora' }, 'names no base model'],
  ['a platform that no machine is', { platforms: ['mac'] }, '"mac"'],
])('an entry that has %s is contradictory, and the sentence names it', (_, more, part) => {
  expect(judge(more)).toContain(part);
});

test.each([
  ['a hub, unlocked', {}],
  ['a hub, by patterns alone', { files: [], source: { ...hub, allow: ['*.json'] } }],
  [
    'a hub, with a choice',
    {
      files: [
        { ...file, oneOf: 'w' },
        { path: 'b', kind: 'weights', oneOf: 'w' },
      ],
    },
  ],
  ['a package', { source: pip }],
  ['a folder of this machine', { source: local }],
])('an entry for %s is not', (_, more) => {
  expect(judge(more)).toBeNull();
});
