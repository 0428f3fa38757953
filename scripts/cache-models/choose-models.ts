import { Failure } from '../../shared/contract/failure.ts';
import { platformKey } from '../../shared/environment/platform.ts';
import type { ModelRegistry } from '../../shared/models/registry/open-registry.ts';
import { selectModels } from '../../shared/models/registry/select-models.ts';
import { readManifest } from '../../shared/runner/read-manifest.ts';
import type { Parsed } from '../parse-command-line.ts';
import { SET_FLAGS } from './command-line.ts';

/** The models the flags ask for, with all they require, and what was left out and why, in sentences. Throws ERR_USAGE, ERR_JOB_UNKNOWN. */
export function chooseModels(
  flags: Parsed<'cache-models'>,
  registry: ModelRegistry,
  outDir: string,
): { readonly ids: readonly string[]; readonly notes: readonly string[] } {
  const sets = Object.keys(SET_FLAGS).filter((name) => flags[name as keyof typeof SET_FLAGS]);
  const ofJob = flags['for-job'] === undefined ? [] : modelsOfJob(outDir, flags['for-job']);
  const { ids, leftOut, unserved } = selectModels(registry, {
    sets,
    all: flags.all,
    everything: flags.everything,
    models: [...flags.model, ...ofJob],
    languages: flags.lang,
    platform: platformKey(),
    anyPlatform: flags['any-platform'],
  });
  if (ids.length === 0 && flags['for-job'] === undefined && leftOut.length === 0) {
    throw new Failure('ERR_USAGE', 'No model was asked for.', {
      why: 'A flag names a set, --model one model, --for-job what a job needs.',
      fix: ['./cache-models.sh --help'],
    });
  }
  return {
    ids,
    notes: [
      ...unserved.map(({ set, language }) => `--${set} has no model for ${language}.`),
      // What another language would bring is no news; what this machine cannot run is.
      ...leftOut.filter(({ because }) => because === 'platform').map(({ id, why }) => `Left out: ${id}. ${why}`),
    ],
  };
}

const modelsOfJob = (outDir: string, job: string): readonly string[] => [
  ...new Set(Object.values(readManifest(outDir, job).lock.engines).flatMap(({ models }) => models)),
];
