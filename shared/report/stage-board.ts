import type { JobEvent } from '../contract/event.ts';
import type { StageInstance } from '../contract/ids.ts';
import { escapeText } from './escape-text.ts';
import { STAGE_COLUMN } from './event-lines.ts';
import { fitText, padText } from './fit-text.ts';
import { formatDuration } from './format-duration.ts';

interface Running {
  readonly startedAt: number;
  readonly engine: string;
  readonly done: number;
  readonly total: number | null;
  /** First sight of progress: the rate is measured from here, so that answers from the memo do not make it look fast. */
  readonly first: { readonly at: number; readonly done: number } | undefined;
}

export interface StageBoard {
  /** @param now milliseconds on any clock that does not go backwards */
  apply(event: JobEvent, now: number): void;
  /** One line for each stage at work, and one for those that wait. */
  lines(now: number, columns: number): string[];
}

const BAR = 20;
/** Numbers above this are milliseconds of film for most stages; a percentage says it better. */
const COUNTABLE = 9999;

function bar(share: number): string {
  const filled = Math.round(Math.min(1, Math.max(0, share)) * BAR);
  return `[${'#'.repeat(filled)}${'-'.repeat(BAR - filled)}]`;
}

/** Seconds left at the rate since the first sight of progress; undefined before two seconds of it. */
function secondsLeft({ first, done, total }: Running, now: number): number | undefined {
  if (first === undefined || total === null || done <= first.done || now - first.at < 2000) return undefined;
  return ((now - first.at) / (done - first.done) / 1000) * Math.max(0, total - done);
}

function stageLine(stage: StageInstance, running: Running, now: number): string {
  const { startedAt, engine, done, total } = running;
  const known = total !== null && total > 0;
  const left = secondsLeft(running, now);
  const parts = [
    known ? `${bar(done / total)} ${String(Math.floor((Math.min(done, total) / total) * 100)).padStart(3)} %` : '',
    known && total <= COUNTABLE ? `${done}/${total}` : '',
    formatDuration((now - startedAt) / 1000),
    left === undefined ? '' : `about ${formatDuration(left)} left`,
    engine,
  ];
  return `  ${padText(escapeText(stage), STAGE_COLUMN)}${parts.filter((part) => part !== '').join('  ')}`;
}

/** It has begun something; stages that only wait for their producers share one line. */
const isAtWork = ({ engine, first }: Running): boolean => engine !== '' || first !== undefined;

/** What runs right now, kept from events. */
export function createStageBoard(): StageBoard {
  const running = new Map<StageInstance, Running>();
  const change = (stage: StageInstance, values: Partial<Running>): void => {
    const known = running.get(stage);
    if (known !== undefined) running.set(stage, { ...known, ...values });
  };
  return {
    apply(event, now) {
      switch (event.type) {
        case 'stage.start':
          running.set(event.stage, { startedAt: now, engine: '', done: 0, total: null, first: undefined });
          break;
        case 'stage.progress': {
          const first = running.get(event.stage)?.first ?? { at: now, done: event.done };
          change(event.stage, { done: event.done, total: event.total, first });
          break;
        }
        case 'task.start':
          change(event.stage, { engine: escapeText(event.engine) });
          break;
        case 'stage.done':
        case 'stage.failed':
        case 'stage.cancelled':
          running.delete(event.stage);
          break;
        case 'run.end':
          running.clear();
          break;
        default:
      }
    },
    lines(now, columns) {
      const stages = [...running];
      const working = stages
        .filter(([, state]) => isAtWork(state))
        .map(([stage, state]) => stageLine(stage, state, now));
      const waiting = stages.filter(([, state]) => !isAtWork(state)).map(([stage]) => escapeText(stage));
      const last = waiting.length === 0 ? [] : [`  ${padText('waiting', STAGE_COLUMN)}${waiting.join(', ')}`];
      return [...working, ...last].map((line) => fitText(line, columns));
    },
  };
}
