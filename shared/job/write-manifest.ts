import { mkdirSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { Failure } from '../contract/failure.ts';
import type { JobId } from '../contract/ids.ts';
import { isJobId } from '../contract/ids.ts';
import { JobManifest } from '../contract/job.ts';
import { writeFileDurably } from '../store/durable.ts';
import { digestOfJson } from '../util/digest.ts';
import { slug } from '../util/safe-name.ts';

/** Everything of a manifest that is known before its id is claimed. */
export type ManifestBody = Omit<JobManifest, 'id' | 'selfDigest'>;

/**
 * Claims an id by making its folder (a second prepare-job gets the next number) and writes job.json durably.
 * `options.id` is the exact id wanted; without it the id is `<date>-<name>-<number>`.
 */
export async function writeManifest(
  body: ManifestBody,
  options: { readonly outDir: string; readonly name: string; readonly id?: string | undefined },
): Promise<JobManifest> {
  const checked = JobManifest.omit({ selfDigest: true, id: true }).parse(body);
  const id = claimId(body, options);
  const manifest = { ...checked, id };
  const complete: JobManifest = { ...manifest, selfDigest: digestOfJson(manifest) };
  const folder = join(options.outDir, id);
  try {
    await writeFileDurably(join(folder, 'job.json'), `${JSON.stringify(complete, null, 2)}\n`);
  } catch (error) {
    rmdirSync(folder);
    throw error;
  }
  return complete;
}

function claimId(
  body: ManifestBody,
  { outDir, name, id }: { readonly outDir: string; readonly name: string; readonly id?: string | undefined },
): JobId {
  const stem = id ?? `${body.createdAt.slice(0, 10).replaceAll('-', '')}-${slug(name)}`;
  for (let number = 1; number < 10_000; number += 1) {
    const candidate =
      id === undefined ? `${stem}-${String(number).padStart(3, '0')}` : number === 1 ? stem : `${stem}-${number}`;
    if (!isJobId(candidate)) throw new Error(`not a job id: ${candidate}`);
    try {
      mkdirSync(outDir, { recursive: true });
      mkdirSync(join(outDir, candidate));
      return candidate;
    } catch (cause) {
      const code = (cause as NodeJS.ErrnoException).code;
      if (code === 'EEXIST') continue;
      throw new Failure('ERR_NOT_WRITABLE', `The output folder ${outDir} cannot be written.`, {
        why: `Making the job's folder in it failed: ${code ?? (cause as Error).message}.`,
        safe: 'Nothing was written.',
        fix: ['BABELREEL_ROOTS_OUT=/path/to/a/folder ./prepare-job.sh --help'],
        cause,
      });
    }
  }
  throw new Failure('ERR_NOT_WRITABLE', `No free job id was found for ${stem}.`, { fix: ['./babelreel.sh jobs'] });
}
