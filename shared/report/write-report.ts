import type { ReportData } from '../contract/report.ts';
import { reportMarkdown, speechCoverage } from './report-markdown.ts';

/** Contents of report.json (the data and the speech coverage in per cent) and of report.md. Writes nothing itself. */
export function writeReport(data: ReportData): { readonly json: string; readonly markdown: string } {
  const figures = { ...data.figures, speechCoveragePercent: speechCoverage(data.figures) };
  return { json: `${JSON.stringify({ ...data, figures }, null, 2)}\n`, markdown: reportMarkdown(data) };
}
