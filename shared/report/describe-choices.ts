import { amountOf } from './format-fetch.ts';

/** What prepare-job decided, as data it can be told from. */
export interface DescribedJob {
  readonly id: string;
  readonly workflow: string;
  readonly media: {
    readonly path: string;
    readonly clip: { readonly startMs: number; readonly endMs: number };
    readonly audioStream: number;
  };
  readonly languages: {
    readonly source: string;
    readonly targets: readonly string[];
    readonly dubInto: readonly string[];
  };
  readonly deliverables: readonly { readonly to: string }[];
}

export interface DescribedChoice {
  readonly instance: string;
  readonly role: string;
  readonly engine: string | null;
  readonly state: string | null;
  readonly environment: string | null;
  readonly voice?: string;
  readonly others: readonly { readonly id: string; readonly why: string }[];
}

/** Models a job needs and the store does not have. */
export interface DescribedLack {
  readonly ids: readonly string[];
  readonly bytes: number;
  /** Some size is not known yet. */
  readonly unknown: boolean;
}

/** The text prepare-job prints on stderr: the job, the engine of each stage, why not the others, and which models have to come first. */
export function describeChoices(
  job: DescribedJob,
  choices: readonly DescribedChoice[],
  lacking: DescribedLack = { ids: [], bytes: 0, unknown: false },
): string {
  const { source, targets, dubInto } = job.languages;
  const seconds = (ms: number): string => (ms / 1000).toFixed(1);
  const lines = [
    `Job ${job.id}: ${job.workflow} of ${visible(job.media.path)}`,
    `  ${seconds(job.media.clip.startMs)}–${seconds(job.media.clip.endMs)} s, audio stream ${job.media.audioStream}, ${source}${targets.length > 0 ? ` -> ${targets.join(', ')}` : ''}${dubInto.length > 0 ? `, spoken: ${dubInto.join(', ')}` : ''}`,
  ];
  const width = Math.max(0, ...choices.map((choice) => choice.instance.length));
  for (const choice of choices) {
    const engine = choice.engine ?? 'no engine: word times will be estimated';
    const voice = choice.voice === undefined ? '' : `, voice ${choice.voice}`;
    const state =
      choice.state === null || choice.state === 'ready'
        ? ''
        : ` (environment ${choice.environment} is ${choice.state}; the run makes it)`;
    lines.push(`  ${choice.instance.padEnd(width)}  ${engine}${voice}${state}`);
    for (const other of choice.others) lines.push(`  ${''.padEnd(width)}    not ${other.id}: ${other.why}`);
  }
  lines.push(`  delivers ${job.deliverables.map((deliverable) => visible(deliverable.to)).join(', ')}`);
  if (lacking.ids.length > 0) {
    lines.push(`  models that are not here: ${lacking.ids.join(', ')} (${amountOf(lacking)})`);
    lines.push(`First:  ./cache-models.sh --for-job ${job.id}`);
  }
  lines.push(`Next:  ./run-pipeline.sh -j ${job.id}`);
  return lines.join('\n');
}

/** Control characters of a name must not reach a terminal. */
const visible = (text: string): string =>
  text.replace(/[\p{Cc}\p{Cf}]/gu, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`);
