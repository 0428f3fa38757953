import type { Cue } from '../contract/cue.ts';
import { parseTimeCode } from './time-code.ts';

const ARROW = ' --> ';

/** Blocks of a subtitle file: text between blank lines. A byte-order mark and any kind of line end are accepted. */
export const splitBlocks = (text: string): string[][] =>
  text
    .replace(/^\ufeff/, '')
    .replace(/\r\n?/g, '\n')
    .split(/\n(?:[ \t]*\n)+/)
    .map((block) => block.split('\n').filter((line) => line.trim() !== ''))
    .filter((lines) => lines.length > 0);

/** The cue of a block: an optional line of its own, the times, the text. Undefined when the block has no times. */
export function parseBlock(block: readonly string[], readText: (line: string) => string): Cue | undefined {
  const index = block.slice(0, 2).findIndex((line) => line.includes(ARROW));
  const [from = '', rest = ''] = (block[index] ?? '').split(ARROW);
  // WebVTT allows settings after the second time
  const startMs = parseTimeCode(from);
  const endMs = parseTimeCode(rest.trim().split(/\s+/)[0] ?? '');
  const lines = block.slice(index + 1).map(readText);
  return startMs === undefined || endMs === undefined || lines.length === 0
    ? undefined
    : { startMs, endMs, lines, utteranceIds: [] };
}
