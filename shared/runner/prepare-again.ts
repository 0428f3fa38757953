import type { JobManifest } from '../contract/job.ts';
import { quoted } from '../store/disk-failure.ts';

/**
 * The command that prepares a job like this one for the film as it is now; engines, parameters and voices are chosen afresh.
 * @param flags switches to add
 */
export function prepareAgain({ media, workflow, languages, policy }: JobManifest, ...flags: readonly string[]): string {
  const { source, targets, dubInto } = languages;
  return [
    './prepare-job.sh',
    ...['--media', quoted(media.path), '--workflow', workflow, '-s', source],
    ...(targets.length > 0 ? ['-t', targets.join(',')] : []),
    ...(dubInto.length > 0 && dubInto.length < targets.length ? ['--dub-into', dubInto.join(',')] : []),
    ...(policy.offline === undefined || policy.offline === 'guard' ? [] : ['--offline', policy.offline]),
    ...flags,
  ].join(' ');
}
