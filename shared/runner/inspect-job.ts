import { readFileSync } from 'node:fs';
import type { JobEvent, Reason } from '../contract/event.ts';
import { type DeliverableState, inspectDeliverables } from './deliverables.ts';
import { eventsPath, planLightly } from './finished.ts';
import { readJobState } from './job-state.ts';
import type { PlannedStage } from './plan.ts';
import { readManifest } from './read-manifest.ts';
import type { CodeDigests } from './stage-key.ts';

export interface JobStatus {
  readonly id: string;
  readonly workflow: string;
  readonly stages: readonly {
    readonly stage: string;
    readonly state: PlannedStage['state'];
    readonly reason: Reason;
    readonly seconds: number | null;
  }[];
  readonly deliverables: readonly Pick<DeliverableState, 'to' | 'path' | 'state'>[];
  readonly warnings: readonly { readonly stage: string; readonly code: string; readonly message: string }[];
  /** `outcome` is null while the run goes on, or when it was killed. */
  readonly lastRun: { readonly at: string; readonly outcome: string | null } | null;
}

/** How far a job is, from its files alone. */
export function inspectJob(options: {
  readonly id: string;
  readonly roots: { readonly out: string; readonly records: string; readonly objects: string };
  readonly code: CodeDigests;
}): JobStatus {
  const { id, roots, code } = options;
  const manifest = readManifest(roots.out, id);
  const state = readJobState(roots.out, id);
  const { plan, recordOf } = planLightly({ manifest, state, roots, code });
  return {
    id,
    workflow: manifest.workflow,
    stages: plan.map(({ stage, state: planned, reason, record }) => ({
      stage: stage.id,
      state: planned,
      reason,
      seconds: record?.seconds ?? null,
    })),
    deliverables: inspectDeliverables({ manifest, outDir: roots.out, state, recordOf }).map(
      ({ to, path, state: is }) => ({ to, path, state: is }),
    ),
    warnings: plan.flatMap(({ stage, record }) =>
      (record?.warnings ?? []).map(({ code: warning, message }) => ({ stage: stage.id, code: warning, message })),
    ),
    lastRun: lastRun(readEvents(roots.out, id)),
  };
}

/** The events of a job, oldest first; a half line of a killed run is left out. */
export function readEvents(outDir: string, id: string): readonly JobEvent[] {
  let text: string;
  try {
    text = readFileSync(eventsPath(outDir, id), 'utf8');
  } catch {
    return [];
  }
  return text.split('\n').flatMap((line): JobEvent[] => {
    try {
      return [JSON.parse(line) as JobEvent];
    } catch {
      return [];
    }
  });
}

function lastRun(events: readonly JobEvent[]): JobStatus['lastRun'] {
  const last = events.at(-1);
  if (last === undefined) return null;
  const run = events.filter((event) => event.epoch === last.epoch);
  const end = run.find((event) => event.type === 'run.end');
  return { at: run[0]?.at ?? last.at, outcome: end?.type === 'run.end' ? end.outcome : null };
}
