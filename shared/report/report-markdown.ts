import type { ReportData, ReportEngine, ReportStage } from '../contract/report.ts';
import { findLanguage } from '../util/languages.ts';
import { escapeText } from './escape-text.ts';
import { formatBytesShort } from './format-bytes.ts';
import { formatClock, formatDuration } from './format-duration.ts';

/** Foreign text inside Markdown: no HTML, no table cells or emphasis of its own. */
const plain = (text: string): string => escapeText(text).replace(/[\\`*_[\]|<>]/g, (sign) => `\\${sign}`);

const language = (tag: string): string => `${findLanguage(tag)?.name ?? tag} (${tag})`;
const list = (tags: readonly string[]): string => tags.map(language).join(', ');

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  if (rows.length === 0) return [];
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line), ''];
}

const OUTCOMES = { done: 'finished', failed: 'not finished', cancelled: 'stopped by the user' } as const;
const STATES: Readonly<Record<ReportStage['state'], string>> = {
  hit: 'was done already',
  run: 'done now',
  failed: 'failed',
  cancelled: 'cancelled',
  'not-run': 'not done',
};
const COMMERCIAL = {
  yes: 'allowed',
  no: 'not allowed',
  unstated: 'not stated: ask before you sell the result',
} as const;

function summary(data: ReportData): string[] {
  const { media, languages } = data;
  const whole = media.clip.startMs <= 0 && media.clip.endMs >= media.durationMs;
  const part = whole
    ? ''
    : `, of which ${formatClock(media.clip.startMs)} to ${formatClock(media.clip.endMs)} was worked on`;
  return [
    `The job \`${data.jobId}\` (${plain(data.workflow)}) is **${OUTCOMES[data.outcome]}**; this run took ${formatDuration(data.seconds)}.`,
    '',
    `- Film: ${plain(media.name)}, ${formatClock(media.durationMs)} long${part}`,
    `- Spoken language: ${language(languages.source)}`,
    ...(languages.targets.length > 0 ? [`- Translated into: ${list(languages.targets)}`] : []),
    ...(languages.dubInto.length > 0 ? [`- Dubbed into: ${list(languages.dubInto)}`] : []),
    ...(data.offline === undefined ? [] : [`- Network: ${plain(data.offline)}`]),
    '',
  ];
}

function failure({ failure: found }: ReportData): string[] {
  if (found === undefined) return [];
  const where = found.stage === null ? '' : ` in stage ${plain(found.stage)}`;
  return [
    '## What went wrong',
    '',
    `${plain(found.message)} (${plain(found.code)}${where})`,
    ...(found.cause === null ? [] : ['', plain(found.cause)]),
    ...found.fix.flatMap((fix) => ['', `    ${escapeText(fix)}`]),
    '',
  ];
}

function deliverables({ deliverables: delivered }: ReportData): string[] {
  if (delivered.length === 0) return [];
  const rows = delivered.map(({ to, bytes, status }) => [
    plain(to),
    bytes === null ? '' : formatBytesShort(bytes),
    plain(status),
  ]);
  return ['## Files', '', ...table(['File', 'Size', ''], rows)];
}

/** Share of the speech that has text, in whole per cent, rounded down so that 100 means all; null without speech. */
export const speechCoverage = ({ speechMs, speechWithTextMs }: ReportData['figures']): number | null =>
  speechMs === null || speechWithTextMs === null || speechMs <= 0
    ? null
    : Math.floor((Math.min(speechWithTextMs, speechMs) / speechMs) * 100);

function figures({ figures: found }: ReportData): string[] {
  const { words, utterances, speechMs, cues, estimatedWords, linesThatDoNotFit } = found;
  const coverage = speechCoverage(found);
  const lines = [
    speechMs === null ? undefined : `- Speech: ${formatClock(speechMs)}`,
    coverage === null ? undefined : `- Speech that has text: ${coverage} %`,
    words === null ? undefined : `- Words: ${words}${utterances === null ? '' : ` in ${utterances} sentences`}`,
    estimatedWords === null ? undefined : `- Words whose times are estimated: ${estimatedWords}`,
    cues === null ? undefined : `- Subtitles: ${cues}`,
    linesThatDoNotFit === null
      ? undefined
      : `- Lines of the dub that are longer than their place: ${linesThatDoNotFit}`,
  ].filter((line) => line !== undefined);
  return lines.length === 0 ? [] : ['## Figures', '', ...lines, ''];
}

function warnings({ warnings: found }: ReportData): string[] {
  const lines = found.map(({ stage, message }) => `- ⚠ **${plain(stage)}**: ${plain(message)}`);
  return lines.length === 0 ? ['No warnings.', ''] : ['## Please check', '', ...lines, ''];
}

function steps({ stages }: ReportData): string[] {
  const rows = stages.map(({ id, state, seconds, engines }) => [
    plain(id),
    STATES[state],
    seconds === null ? '' : formatDuration(seconds),
    engines.map(plain).join(', '),
  ]);
  return ['## How it was made', '', ...table(['Step', 'State', 'Time', 'Engine'], rows)];
}

const engine = ({ id, version, licence, worth, weakness, calls }: ReportEngine): string[] => [
  `### ${plain(id)} ${plain(version)}`,
  '',
  `- Worth: ${plain(worth)}`,
  `- Known weakness: ${plain(weakness)}`,
  `- Licence: program ${plain(licence.code)}, weights ${plain(licence.weights)}; commercial use ${COMMERCIAL[licence.commercial]}`,
  ...(calls === null ? [] : [`- Calls: ${calls}`]),
  '',
];

/** The report for people, as Markdown. */
export const reportMarkdown = (data: ReportData): string =>
  [
    `# ${plain(data.media.name)}`,
    '',
    ...summary(data),
    ...failure(data),
    ...deliverables(data),
    ...figures(data),
    ...warnings(data),
    ...steps(data),
    ...(data.engines.length === 0 ? [] : ['## What the engines are worth', '', ...data.engines.flatMap(engine)]),
    `Made by babelreel ${plain(data.app)}.`,
    '',
  ].join('\n');
