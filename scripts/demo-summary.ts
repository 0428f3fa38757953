import { join } from 'node:path';
import type { ReportData } from '../shared/contract/report.ts';
import { formatEngines } from '../shared/report/format-engines.ts';

/** The end of the demo: what each engine is worth, and the next command to try. The files were named before. */
export const demoSummary = (report: ReportData, jobDir: string): string =>
  [
    '',
    'What the engines are worth:',
    formatEngines(report.engines),
    '',
    `Watch ${join(jobDir, 'demo.mkv')} (two audio tracks, three subtitle tracks); read ${join(jobDir, 'report.md')}.`,
    'Next, a film of your own:  ./prepare-job.sh --media in/movie.mp4 --workflow subtitle -s en -t es',
  ].join('\n');
