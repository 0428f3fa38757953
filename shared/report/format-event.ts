import type { JobEvent } from '../contract/event.ts';
import { escapeText } from './escape-text.ts';
import { eventLine } from './event-lines.ts';
import { createPaint } from './paint.ts';

const paint = createPaint(false);

/** One event of events.jsonl as one line: number, time of day (UTC), and what happened; none is left out. */
export function formatEvent(event: JobEvent): string {
  const { v: _v, seq, epoch: _epoch, at, jobId: _jobId, type, ...rest } = event;
  const facts = Object.entries(rest).map(
    ([name, value]) => `${name}=${typeof value === 'object' ? JSON.stringify(value) : value}`,
  );
  const text = eventLine(event, paint, false) ?? escapeText(`  ${[type, ...facts].join(' ')}`);
  return `${String(seq).padStart(6)}  ${escapeText(at.slice(11, 19))}  ${text}`;
}
