import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Failure } from '../contract/failure.ts';
import { WorkflowSpec } from '../contract/workflow.ts';
import { didYouMean } from '../util/nearest.ts';

export type WorkflowTable = ReadonlyMap<string, WorkflowSpec>;

/** Every `config/workflows/<id>.json`. @throws Failure ERR_CONFIG_INVALID naming the file */
export function loadWorkflows(configDir: string): WorkflowTable {
  const dir = join(configDir, 'workflows');
  const files = readdirSync(dir)
    .filter((name) => name.endsWith('.json'))
    .sort();
  return new Map(
    files.map((name) => {
      const path = join(dir, name);
      try {
        const workflow = WorkflowSpec.parse(JSON.parse(readFileSync(path, 'utf8')));
        if (`${workflow.id}.json` !== name) throw new Error(`its id is ${workflow.id}`);
        return [workflow.id, workflow];
      } catch (cause) {
        throw new Failure('ERR_CONFIG_INVALID', `${path} is not a workflow.`, { why: (cause as Error).message, cause });
      }
    }),
  );
}

/** @throws Failure ERR_USAGE with a suggestion */
export function findWorkflow(workflows: WorkflowTable, id: string): WorkflowSpec {
  const workflow = workflows.get(id);
  if (workflow !== undefined) return workflow;
  const names = [...workflows.keys()];
  throw new Failure('ERR_USAGE', `There is no workflow ${JSON.stringify(id)}.${didYouMean(id, names)}`, {
    why: `Workflows: ${names.join(', ')}.`,
    fix: ['./prepare-job.sh --help'],
  });
}
