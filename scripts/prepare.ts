import { join } from 'node:path';
import { loadProfiles } from '../shared/job/choose-profile.ts';
import { findWorkflow, loadWorkflows } from '../shared/job/load-workflows.ts';
import { type PreparedJob, prepareJob } from '../shared/job/prepare-job.ts';
import type { JobRequest } from '../shared/job/read-request.ts';
import { chooseAudioStream } from '../shared/media/choose-audio-stream.ts';
import { inspectMedia } from '../shared/media/inspect-media.ts';
import { networkDenial } from '../shared/process/launch-prefix.ts';
import { openState } from '../shared/store/database.ts';
import { openFileDigests } from '../shared/store/file-digests.ts';
import { STAGES } from '../stages/index.ts';
import type { Invocation } from './babelreel.ts';
import type { Machine } from './open-machine.ts';

/** Prepares a job against this machine: gives shared/job the stages, engines, tools and digests it decides by. */
export async function prepare(options: {
  readonly workflow: string;
  readonly request: JobRequest;
  readonly invocation: Pick<Invocation, 'settings' | 'projectDir'>;
  readonly machine: Machine;
  readonly onMessage: (text: string) => void;
}): Promise<PreparedJob> {
  const { request, machine } = options;
  const { settings, projectDir } = options.invocation;
  const configDir = join(projectDir, 'config');
  const workflow = findWorkflow(loadWorkflows(configDir), options.workflow);
  const tools = await machine.openTools(options.onMessage);
  const { acceptDamaged } = request;
  using state = openState(settings.roots.state);
  const digests = openFileDigests(state);
  return await prepareJob(request, {
    app: machine.app,
    outDir: settings.roots.out,
    workflow,
    stages: STAGES,
    candidates: machine.candidates(),
    profiles: loadProfiles(configDir),
    cpus: machine.limits.cpu,
    environmentIdentity: machine.identityOfEnvironment,
    modelIdentity: machine.modelIdentity,
    tools: tools.versions,
    inspect: async (path) =>
      (
        await inspectMedia(path, {
          ffprobe: tools.ffprobe,
          env: tools.env,
          acceptDamaged,
          denyNetwork: machine.offlinePolicy !== 'off' && networkDenial() !== null,
        })
      ).probe,
    chooseAudioStream: (probe, wish) => chooseAudioStream(probe, wish, request.source),
    digestOf: (path) => digests.remembered(path),
  });
}
