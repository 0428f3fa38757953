import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Failure } from '../contract/failure.ts';
import { isJobId } from '../contract/ids.ts';
import type { JobManifest } from '../contract/job.ts';
import { digestOfJson } from '../util/digest.ts';

/**
 * Reads `out/<id>/job.json`. Its own digest proves that it is what prepare-job wrote, so no schema library is loaded here.
 * @throws Failure ERR_JOB_UNKNOWN, ERR_MANIFEST_NEWER, ERR_MANIFEST_INVALID
 */
export function readManifest(outDir: string, id: string): JobManifest {
  const path = join(outDir, id, 'job.json');
  let text: string;
  try {
    if (!isJobId(id)) throw new Error('not an id');
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw new Failure('ERR_JOB_UNKNOWN', `There is no job ${JSON.stringify(id)}.`, {
      why: `No job.json was found under ${join(outDir, '<id>')} for it.`,
      fix: ['./babelreel.sh jobs'],
      cause,
    });
  }
  const invalid = (why: string): Failure =>
    new Failure('ERR_MANIFEST_INVALID', `The manifest of job ${id} cannot be used.`, {
      why: `${path}: ${why}`,
      safe: 'Finished work is kept: a new job for the same film finds it by content.',
      fix: ['./prepare-job.sh --help'],
    });
  let manifest: Partial<JobManifest>;
  try {
    manifest = JSON.parse(text) as Partial<JobManifest>;
  } catch {
    throw invalid(`it is not whole JSON (${text.length} characters); it was truncated or edited.`);
  }
  if (typeof manifest !== 'object' || manifest === null) throw invalid('it is not an object.');
  if (manifest.schema !== 'job/1') {
    const number = /^job\/([0-9]+)$/.exec(String(manifest.schema))?.[1];
    if (number !== undefined && Number(number) > 1) {
      throw new Failure('ERR_MANIFEST_NEWER', `Job ${id} was written by a newer babelreel.`, {
        why: `Its schema is ${manifest.schema}, this program reads job/1.`,
        fix: ['git pull'],
      });
    }
    throw invalid(`its schema is ${JSON.stringify(manifest.schema)}, not job/1.`);
  }
  const { selfDigest, ...body } = manifest;
  if (selfDigest !== digestOfJson(body))
    throw invalid('its content does not match its own digest: it was edited after it was written.');
  if (manifest.id !== id) throw invalid(`it belongs to job ${manifest.id}.`);
  return manifest as JobManifest;
}
