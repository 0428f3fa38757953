import { statSync } from 'node:fs';
import { Failure } from '../contract/failure.ts';
import type { JobManifest } from '../contract/job.ts';
import type { FileDigests } from '../store/file-digests.ts';
import { type FileIdentity, identityOf, type JobState, sameIdentity } from './job-state.ts';
import { prepareAgain } from './prepare-again.ts';

/**
 * Is the film still the one of the manifest? Untouched by its times: yes, without reading it. Touched: by its digest, once. A film that is
 * gone only matters when a stage must run.
 * @returns what the film looks like now, to be remembered; null when it is gone and not needed
 * @throws Failure ERR_MEDIA_MISSING, ERR_MEDIA_CHANGED
 */
export async function checkFilm(options: {
  readonly manifest: JobManifest;
  readonly state: JobState;
  readonly digests: FileDigests;
  readonly needed: boolean;
  readonly signal: AbortSignal;
}): Promise<FileIdentity | null> {
  const { media, id } = options.manifest;
  const stat = statSync(media.path, { bigint: true, throwIfNoEntry: false });
  if (stat === undefined) {
    if (!options.needed) return null;
    throw new Failure('ERR_MEDIA_MISSING', 'The film of this job is gone.', {
      why: `${media.path} does not exist any more.`,
      safe: 'What is finished is kept. Put the same file back, or prepare a job for where it is now: finished stages are found again by content.',
      fix: [`./run-pipeline.sh -j ${id}`],
    });
  }
  const now = identityOf(stat);
  if (sameIdentity(now, media) || (options.state.media !== null && sameIdentity(now, options.state.media))) return now;
  const digest =
    now.bytes === media.bytes ? await options.digests.remembered(media.path, { signal: options.signal }) : undefined;
  if (digest === media.digest) return now;
  throw new Failure('ERR_MEDIA_CHANGED', 'The film changed after the job was prepared.', {
    why: `${media.path} had ${media.bytes} bytes and now has ${now.bytes}${digest === undefined ? '' : ', with another content'}.`,
    safe: 'Nothing was computed from the changed file, and what was delivered is left as it is.',
    fix: [prepareAgain(options.manifest)],
  });
}
