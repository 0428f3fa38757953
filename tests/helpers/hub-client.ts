import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { EnvironmentSpec } from '../../shared/contract/environment.ts';
import { ensureEnvironment } from '../../shared/environment/ensure.ts';
import { interpreterOf } from '../../shared/environment/places.ts';
import { runProcess } from '../../shared/process/run-process.ts';
import { resolveSettings } from '../../shared/util/settings.ts';
import { PROJECT_DIR } from './workspace.ts';

/** The official Python clients of a model hub, in an environment of their own. */
export interface HubClient {
  /** Runs a script with only these variables and gives what it printed; throws with its last lines when it fails. */
  run(script: string, variables: Readonly<Record<string, string>>): Promise<string>;
}

/** Makes the environment where it is not there yet, about 20 s with an empty cache; a later call only looks. */
export async function openHubClient(): Promise<HubClient> {
  const dir = join(PROJECT_DIR, 'tests/environments/hub-client');
  const spec = EnvironmentSpec.parse(JSON.parse(readFileSync(join(dir, 'environment.json'), 'utf8')));
  const config = JSON.parse(readFileSync(join(PROJECT_DIR, 'config/default.json'), 'utf8'));
  const { roots } = resolveSettings(config, process.env, PROJECT_DIR);
  const places = { projectDir: PROJECT_DIR, roots };
  await ensureEnvironment(spec.id, { table: new Map([[spec.id, { spec, dir }]]), places, env: process.env });
  const python = interpreterOf(roots.environments, spec.id);
  return {
    async run(script, variables) {
      const env = {
        PATH: '/usr/bin:/bin',
        HF_HUB_DISABLE_PROGRESS_BARS: '1',
        HF_HUB_DISABLE_TELEMETRY: '1',
        ...variables,
      };
      const result = await runProcess({ argv: [python, '-s', '-B', '-c', script], cwd: '/', env });
      if (result.code !== 0) throw new Error([result.stdout, ...result.stderrTail].join('\n'));
      return result.stdout;
    },
  };
}
