import { join } from 'node:path';
import type { ReportData } from '../shared/report/report-data.ts';

/** The end of the demo: what each engine is worth, and the next command to try. The files were named before. */
export function demoSummary(report: ReportData, jobDir: string): readonly string[] {
  const engines = report.engines.map(({ id, worth, weakness }) => `  ${id}: ${worth} Weak at: ${weakness}`);
  return [
    '',
    'What the engines are worth:',
    ...engines,
    '',
    `Watch ${join(jobDir, 'demo.mkv')} (two audio tracks, three subtitle tracks); read ${join(jobDir, 'report.md')}.`,
    'Next, a film of your own:  ./prepare-job.sh --media in/movie.mp4 --workflow subtitle -s en -t es',
  ];
}
