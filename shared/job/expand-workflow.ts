import { Failure } from '../contract/failure.ts';
import type { PortReference, StageInstance } from '../contract/ids.ts';
import { MEDIA_PORT, splitPortReference } from '../contract/ids.ts';
import type { Deliverable } from '../contract/job.ts';
import type { AnyStage } from '../contract/stage.ts';
import type { WorkflowSpec } from '../contract/workflow.ts';

export interface JobLanguages {
  readonly source: string;
  readonly targets: readonly string[];
  readonly dubInto: readonly string[];
}

/** A stage of the workflow for one language, wired but without values. */
export interface ExpandedStage {
  readonly id: StageInstance;
  readonly stage: string;
  /** The instance's language; the film's for instances without one. */
  readonly language: string;
  readonly inputs: Readonly<Record<string, PortReference | readonly PortReference[]>>;
  readonly params: Readonly<Record<string, unknown>>;
}

export interface ExpandedWorkflow {
  readonly stages: readonly ExpandedStage[];
  readonly deliverables: readonly Deliverable[];
}

type Each = 'source' | 'target' | 'dub' | undefined;

/** Repeats the entries of a workflow for the languages of a job and fills `{lang}`, `{source}` and `{name}` into its references. */
export function expandWorkflow(workflow: WorkflowSpec, languages: JobLanguages, name: string): ExpandedWorkflow {
  const languagesOf = (each: Each): readonly (string | undefined)[] => {
    if (each === 'source') return [languages.source];
    if (each === 'target') return languages.targets;
    return each === 'dub' ? languages.dubInto : [undefined];
  };
  const fill = (text: string, language: string | undefined): string =>
    text
      .replaceAll('{lang}', language ?? languages.source)
      .replaceAll('{source}', languages.source)
      .replaceAll('{name}', name);
  const stages = workflow.stages.flatMap((entry) =>
    languagesOf(entry.each).map((language): ExpandedStage => {
      const inputs = Object.entries(entry.inputs).map(([port, wiring]) => [
        port,
        typeof wiring === 'string'
          ? fill(wiring, language)
          : wiring.flatMap((part) => languagesOf(part.for).map((inner) => fill(part.from, inner ?? language))),
      ]);
      return {
        id: language === undefined ? entry.stage : `${entry.stage}.${language}`,
        stage: entry.stage,
        language: language ?? languages.source,
        inputs: Object.fromEntries(inputs) as ExpandedStage['inputs'],
        params: entry.params ?? {},
      };
    }),
  );
  const deliverables = workflow.deliverables.flatMap((entry) =>
    languagesOf(entry.for).map((language) => ({ from: fill(entry.from, language), to: fill(entry.to, language) })),
  );
  return { stages, deliverables };
}

/** The wiring must name ports that exist and come earlier; a workflow that does not is a broken file under config/. */
export function checkWiring(workflow: string, expanded: ExpandedWorkflow, stages: ReadonlyMap<string, AnyStage>): void {
  const seen = new Map<StageInstance, AnyStage>();
  const broken = (what: string): Failure =>
    new Failure('ERR_CONFIG_INVALID', `Workflow ${workflow} is wired wrongly.`, { why: what });
  const check = (reference: string, reader: string): void => {
    if (reference === MEDIA_PORT) return;
    const { instance, port } = splitPortReference(reference);
    const producer = seen.get(instance);
    if (producer === undefined)
      throw broken(`${reader} reads ${reference}, but no earlier stage ${instance} is there.`);
    if (producer.outputs[port] === undefined)
      throw broken(`${reader} reads ${reference}, but ${producer.id} has no output ${port}.`);
  };
  for (const stage of expanded.stages) {
    const definition = stages.get(stage.stage);
    if (definition === undefined) throw broken(`there is no stage ${stage.stage}.`);
    for (const [port, wiring] of Object.entries(stage.inputs)) {
      if (definition.inputs[port] === undefined) throw broken(`stage ${stage.stage} has no input ${port}.`);
      for (const reference of [wiring].flat()) check(reference, stage.id);
    }
    seen.set(stage.id, definition);
  }
  for (const { from, to } of expanded.deliverables) check(from, to);
}
