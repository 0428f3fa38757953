import { copyFileSync, mkdirSync, mkdtempSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { smallManifest, smallRecord } from '../../tests/helpers/small-manifest.ts';
import type { Fingerprint } from '../contract/ids.ts';
import { digestOf } from '../util/digest.ts';
import { inspectDeliverables } from './deliverables.ts';
import { EMPTY_STATE, identityOf, type JobState, readJobState, sameIdentity, statePath } from './job-state.ts';

const out = mkdtempSync(join(tmpdir(), 'state-'));
afterAll(() => rmSync(out, { recursive: true, force: true }));
mkdirSync(join(out, 'job-1'));
const identity = (path: string) => identityOf(statSync(path, { bigint: true }));

it('a state is read as it was written; fields of an older one are filled in', () => {
  const stages = { asr: 'f'.repeat(64) as Fingerprint };
  writeFileSync(statePath(out, 'job-1'), JSON.stringify({ schema: 'delivered/1', stages }));
  expect(readJobState(out, 'job-1')).toEqual({ ...EMPTY_STATE, stages });
});

it.each(['', '{"schema":"delivered/1"', 'null', '[]', '{"schema":"delivered/9","stages":{"asr":"x"}}'])(
  'a state that cannot be read is an empty one: %j',
  (text) => {
    writeFileSync(statePath(out, 'job-1'), text);
    expect(readJobState(out, 'job-1')).toEqual(EMPTY_STATE);
  },
);

it('a job that has not run has an empty state', () => {
  expect(readJobState(out, 'nobody')).toEqual(EMPTY_STATE);
});

it('a file is another one after a write, a copy in its place, or set times', () => {
  const path = join(out, 'film');
  writeFileSync(path, 'one');
  const first = identity(path);
  expect(sameIdentity(first, identity(path))).toBe(true);
  utimesSync(path, 1, 1);
  const touched = identity(path);
  expect(sameIdentity(first, touched)).toBe(false);
  // Setting the old time again changes ctime.
  utimesSync(path, 1, 1);
  expect(sameIdentity(touched, identity(path)) && first.ctimeNs === identity(path).ctimeNs).toBe(false);
  copyFileSync(path, join(out, 'copy'));
  expect(sameIdentity(identity(path), identity(join(out, 'copy')))).toBe(false);
});

it('a deliverable is as delivered, missing, an older version, or touched', () => {
  const manifest = smallManifest([{ id: 'text' }], {
    deliverables: ['ok', 'missing', 'stale', 'touched', 'foreign'].map((name) => ({
      from: `text.${name}`,
      to: `${name}.txt`,
    })),
  });
  const at = (name: string): string => join(out, 'job-1', `${name}.txt`);
  for (const name of ['ok', 'stale', 'touched', 'foreign']) writeFileSync(at(name), name);
  const delivered = (name: string, content = name) => ({ digest: digestOf(content), ...identity(at(name)) });
  const state: JobState = {
    ...EMPTY_STATE,
    files: {
      'ok.txt': delivered('ok'),
      'stale.txt': delivered('stale', 'an older version'),
      'touched.txt': { ...delivered('touched'), mtimeNs: '1' },
      'missing.txt': delivered('ok'),
    },
  };
  const record = smallRecord(
    {} as never,
    Object.fromEntries(['ok', 'missing', 'stale', 'touched', 'foreign'].map((name) => [name, name])),
  );
  const states = inspectDeliverables({ manifest, outDir: out, state, recordOf: () => record }).map(
    (found) => found.state,
  );
  expect(states).toEqual(['ok', 'missing', 'stale', 'touched', 'touched']);
  const [unknown] = inspectDeliverables({ manifest, outDir: out, state, recordOf: () => undefined });
  expect(unknown).toMatchObject({ digest: undefined, state: 'stale' });
});
