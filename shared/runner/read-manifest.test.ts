import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { smallManifest } from '../../tests/helpers/small-manifest.ts';
import type { JobId } from '../contract/ids.ts';
import { digestOfJson } from '../util/digest.ts';
import { listJobs } from './list-jobs.ts';
import { prepareAgain } from './prepare-again.ts';
import { readManifest } from './read-manifest.ts';

const out = mkdtempSync(join(tmpdir(), 'manifests-'));
afterAll(() => rmSync(out, { recursive: true, force: true }));

function write(id: string, text: string): string {
  mkdirSync(join(out, id), { recursive: true });
  writeFileSync(join(out, id, 'job.json'), text);
  return id;
}
const manifest = smallManifest([{ id: 'vad', params: { threshold: 0.5 } }]);
const text = JSON.stringify(manifest, null, 2);
const refusal = (id: string): { code: string; exitCode: number; why: string } => {
  try {
    readManifest(out, id);
  } catch (error) {
    const { code, exitCode, details } = error as { code: string; exitCode: number; details: { why: string } };
    return { code, exitCode, why: details.why };
  }
  throw new Error('it was read');
};

it('a manifest is read as it was written, whatever the order of its keys', () => {
  expect(readManifest(out, write('job-1', text))).toEqual(manifest);
  const { selfDigest, ...rest } = manifest;
  expect(readManifest(out, write('job-1', JSON.stringify({ selfDigest, ...rest })))).toEqual(manifest);
});

it.each(['nobody', '../job-1', '', '.', 'Job-1', 'con', 'x'.repeat(65), 'a/b'])('there is no job %j', (id) => {
  expect(refusal(id)).toMatchObject({ code: 'ERR_JOB_UNKNOWN', exitCode: 2 });
});

it.each([
  ['edited', text.replace('0.5', '0.4'), 'edited'],
  ['without its digest', text.replace('selfDigest', 'otherDigest'), 'edited'],
  ['truncated', text.slice(0, 500), 'not whole JSON (500 characters)'],
  ['empty', '', 'not whole JSON (0 characters)'],
  ['null', 'null', 'not an object'],
  ['of another schema', '{"schema":"recipe/1"}', '"recipe/1"'],
  ['without a schema', '[]', 'undefined'],
])('a manifest that is %s is invalid and says why', (_, broken, why) => {
  const found = refusal(write('broken', broken));
  expect(found).toMatchObject({ code: 'ERR_MANIFEST_INVALID', exitCode: 2 });
  expect(found.why).toContain(why);
});

it('a manifest in the folder of another job is invalid', () => {
  expect(refusal(write('copied', text)).why).toContain('belongs to job job-1');
});

it('a manifest of a newer program is called that, not broken', () => {
  const found = refusal(write('newer', JSON.stringify({ schema: 'job/12', anything: true })));
  expect(found).toMatchObject({ code: 'ERR_MANIFEST_NEWER', exitCode: 2 });
  expect(found.why).toContain('job/12');
});

it('the list of jobs has the newest first, broken ones with their problem, and leaves out what is no job', () => {
  const named = (id: string, createdAt: string): void => {
    const { selfDigest, ...body } = smallManifest([], { id: id as JobId, createdAt });
    write(id, JSON.stringify({ ...body, selfDigest: digestOfJson(body) }));
  };
  named('older', '2026-01-02T00:00:00.000Z');
  named('later', '2026-01-03T00:00:00.000Z');
  mkdirSync(join(out, 'empty-folder'));
  writeFileSync(join(out, 'README.md'), '');
  const jobs = listJobs(out).map(({ id, problem }) => [id, problem]);
  expect(jobs.slice(0, 2)).toEqual([
    ['later', undefined],
    ['older', undefined],
  ]);
  expect(jobs).toContainEqual(['newer', 'ERR_MANIFEST_NEWER']);
  expect(jobs.map(([id]) => id)).not.toContain('empty-folder');
  expect(listJobs(join(out, 'nowhere'))).toEqual([]);
});

it('the command that prepares a job again names what was asked for, ready for a shell', () => {
  const { media } = manifest;
  const dub = (dubInto: string[]): string =>
    prepareAgain(
      smallManifest([], {
        workflow: 'dub',
        media: { ...media, path: "/in/it's here.mp4" },
        languages: { source: 'en', targets: ['pt-BR', 'es'], dubInto },
      }),
    );
  const start = "./prepare-job.sh --media '/in/it'\\''s here.mp4' --workflow dub -s en -t pt-BR,es";
  expect(dub(['pt-BR', 'es'])).toBe(start);
  expect(dub(['pt-BR'])).toBe(`${start} --dub-into pt-BR`);
  expect(prepareAgain(manifest, '--accept-damaged')).toBe(
    './prepare-job.sh --media /in/film.mp4 --workflow test -s en --accept-damaged',
  );
});
