import { z } from 'zod';
import { SubtitleProfile } from '../../shared/contract/cue.ts';
import { EnvironmentSpec, HardwareCache } from '../../shared/contract/environment.ts';
import { JobManifest } from '../../shared/contract/job.ts';
import { ModelEntry } from '../../shared/contract/model.ts';
import { WorkflowSpec } from '../../shared/contract/workflow.ts';
import type { GeneratedFile } from './generated.ts';

const SCHEMAS = {
  job: JobManifest,
  workflow: WorkflowSpec,
  model: ModelEntry,
  environment: EnvironmentSpec,
  hardware_cache: HardwareCache,
  profile: SubtitleProfile,
} as const;

/** config/schema/*.json: JSON Schema of every file a person may read or write, for editors. */
export function schemaFiles(): readonly GeneratedFile[] {
  return Object.entries(SCHEMAS).map(([name, schema]) => ({
    path: `config/schema/${name}.json`,
    text: `${JSON.stringify(z.toJSONSchema(schema, { unrepresentable: 'any' }), null, 2)}\n`,
  }));
}
