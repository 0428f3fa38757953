import type { JobEvent } from '../contract/event.ts';
import { escapeText } from './escape-text.ts';
import { padText } from './fit-text.ts';
import { formatDuration } from './format-duration.ts';
import { formatReason } from './format-reason.ts';
import type { Paint } from './paint.ts';

/** Width of the column with a stage's name: `synthesize.pt-BR` and one space. */
export const STAGE_COLUMN = 17;

const SIGNS = { '✓': 'green', '✗': 'red', '⚠': 'yellow' } as const;

function signed(paint: Paint, sign: keyof typeof SIGNS | ' ' | '-', name: string, text: string): string {
  const mark = sign === ' ' || sign === '-' ? sign : paint(SIGNS[sign], sign);
  return `${mark} ${padText(escapeText(name), STAGE_COLUMN)}${escapeText(text)}`.trimEnd();
}

const OUTCOMES = { failed: 'Failed after', cancelled: 'Stopped after' } as const;

/**
 * The line an event leaves on the screen for good; undefined for one that only moves the progress (progress,
 * tasks, workers) or whose result is told elsewhere (the end of a run that went well).
 * @param live on a live screen a start is shown by the progress line and leaves none
 */
export function eventLine(event: JobEvent, paint: Paint, live: boolean): string | undefined {
  switch (event.type) {
    case 'stage.hit':
      return signed(paint, '✓', event.stage, formatReason(event.reason));
    case 'stage.start':
      return live ? undefined : signed(paint, ' ', event.stage, `started (${formatReason(event.reason)})`);
    case 'stage.done':
      return signed(
        paint,
        '✓',
        event.stage,
        `${formatDuration(event.seconds)}${event.rederived ? ', re-derived from memo' : ''}`,
      );
    case 'stage.failed':
      return signed(paint, '✗', event.stage, `failed: ${event.message} (${event.code})`);
    case 'stage.cancelled':
      return signed(
        paint,
        '-',
        event.stage,
        event.because === 'user' ? 'cancelled' : `cancelled because of ${event.because}`,
      );
    case 'stage.warning':
      return signed(paint, '⚠', event.stage, event.message);
    case 'task.retry':
      return signed(
        paint,
        '⚠',
        event.stage,
        `${event.engine} is tried again (${event.code}, attempt ${event.attempt})`,
      );
    case 'network.attempt':
      return signed(
        paint,
        '⚠',
        event.engine,
        `wanted ${event.host || 'a network'}${event.port === null ? '' : `:${event.port}`}, refused; ${event.stack[0] ?? ''}`,
      );
    case 'environment.make':
      return signed(paint, ' ', event.environment, event.message);
    case 'environment.ready':
      return signed(paint, '✓', event.environment, event.message);
    case 'deliver':
      if (event.status === 'unchanged') return undefined;
      return event.status === 'written'
        ? signed(paint, '✓', 'delivered', event.to)
        : signed(paint, '⚠', 'kept', `${event.to} was changed by hand; --overwrite replaces it`);
    case 'note':
      return signed(paint, ' ', 'note', event.message);
    case 'run.end':
      if (event.outcome === 'done') return undefined;
      return `${OUTCOMES[event.outcome]} ${formatDuration(event.seconds)}.`;
    case 'run.start':
    case 'stage.progress':
    case 'worker.start':
    case 'worker.ready':
    case 'worker.end':
    case 'task.queued':
    case 'task.start':
    case 'task.end':
    case 'task.memo':
      return undefined;
  }
}
