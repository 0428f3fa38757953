import type { ReportEngine } from '../contract/report.ts';
import { escapeText } from './escape-text.ts';

/** What a person should know about the engines of a job, two lines each: what it is worth and what it gets wrong. */
export const formatEngines = (engines: readonly ReportEngine[]): string =>
  engines
    .flatMap(({ id, worth, weakness }) => [`${escapeText(id)}: ${escapeText(worth)}`, `  but: ${escapeText(weakness)}`])
    .join('\n');
