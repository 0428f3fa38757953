import type { Cue } from '../contract/cue.ts';
import { cueLines } from './cue-lines.ts';
import { parseBlock, splitBlocks } from './parse-blocks.ts';
import { protectText, unprotectText } from './protect-text.ts';
import { formatMilliseconds } from './time-code.ts';

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };
const SIGNS: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  nbsp: '\u00a0',
  lrm: '\u200e',
  rlm: '\u200f',
};

const escapeText = (line: string): string => protectText(line.replace(/[&<>]/g, (sign) => ESCAPES[sign] ?? sign));
const unescapeText = (line: string): string =>
  unprotectText(line)
    .replace(/<[^>]*>/g, '')
    .replace(/&(amp|lt|gt|nbsp|lrm|rlm);/g, (_, name: string) => SIGNS[name] ?? '');

/** WebVTT (W3C). No cues: the header alone. Direction is left to the player's Unicode rules, as the standard wants it. */
export const writeVtt = (cues: readonly Cue[]): string => {
  const blocks = cues
    .map((cue) => ({ cue, lines: cueLines(cue) }))
    .filter(({ lines }) => lines.length > 0)
    .map(({ cue, lines }) => {
      const times = `${formatMilliseconds(cue.startMs, '.')} --> ${formatMilliseconds(cue.endMs, '.')}`;
      return `\n${times}\n${lines.map(escapeText).join('\n')}\n`;
    });
  return `WEBVTT\n${blocks.join('')}`;
};

/** Cues of a WebVTT text; notes, styles and regions are left out, markup is dropped. `utteranceIds` are empty. */
export const parseVtt = (text: string): Cue[] =>
  splitBlocks(text)
    .filter(([first = '']) => !/^(WEBVTT|NOTE|STYLE|REGION)\b/.test(first))
    .flatMap((block) => parseBlock(block, unescapeText) ?? []);
