import { join } from 'node:path';
import type { JobEvent } from '../../shared/contract/event.ts';
import { findEngines } from '../../shared/engines/registry.ts';
import { PROJECT_DIR } from '../helpers/workspace.ts';

/** Engine -> requests that its one worker may have at a time. */
export async function batchWidths(): Promise<ReadonlyMap<string, number>> {
  const engines = await findEngines(join(PROJECT_DIR, 'stages'));
  return new Map([...engines.values()].map(({ id, definition }) => [id, definition.batch]));
}

export interface EngineCalls {
  /** Requests that were handed to a worker. */
  readonly started: number;
  /** Of them, those whose answer the runner got. */
  readonly ended: number;
}

/** Engine -> requests over all runs of a job. Names of tasks are only unique within a run, so that a run is part of the key. */
export function engineCalls(events: readonly JobEvent[]): Readonly<Record<string, EngineCalls>> {
  const calls: Record<string, { started: number; ended: number }> = {};
  const open = new Set<string>();
  for (const event of events) {
    if (event.type !== 'task.start' && event.type !== 'task.end') continue;
    const count = calls[event.engine] ?? { started: 0, ended: 0 };
    calls[event.engine] = count;
    const key = `${event.epoch} ${event.task}`;
    if (event.type === 'task.start') {
      count.started += 1;
      open.add(key);
    } else if (open.delete(key)) count.ended += 1;
  }
  return calls;
}

/** Stage instances that started again in a later run than the one in which they were done. */
export function startedAgain(events: readonly JobEvent[]): readonly string[] {
  const doneIn = new Map<string, number>();
  return events.flatMap((event) => {
    if (event.type === 'stage.done') doneIn.set(event.stage, event.epoch);
    const before = event.type === 'stage.start' ? doneIn.get(event.stage) : undefined;
    return event.type === 'stage.start' && before !== undefined && before < event.epoch
      ? [`${event.stage}: done in run ${before}, started in run ${event.epoch}`]
      : [];
  });
}
