import type { JobEvent } from '../contract/event.ts';
import { escapeText } from './escape-text.ts';
import { padText } from './fit-text.ts';

const COMMON = new Set(['v', 'seq', 'epoch', 'at', 'jobId', 'type']);

/** One event as a line of `logs`: number, time, type and its fields. */
export function describeEvent(event: JobEvent): string {
  const fields = Object.entries(event)
    .filter(([name]) => !COMMON.has(name))
    .map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`);
  return escapeText(
    `${String(event.seq).padStart(5)}  ${event.at.slice(11, 23)}  ${padText(event.type, 16)}${fields.join(' ')}`,
  );
}
