import type { Cue } from '../contract/cue.ts';
import { cueLines } from './cue-lines.ts';
import { parseBlock, splitBlocks } from './parse-blocks.ts';
import { protectText, unprotectText } from './protect-text.ts';
import { formatMilliseconds } from './time-code.ts';

/**
 * UTF-8 without a byte-order mark, lines ended by LF: every current player reads both line ends, and LF keeps the file the same for
 * diff tools on the platforms this runs on. No cues: an empty text.
 */
export const writeSrt = (cues: readonly Cue[]): string =>
  cues
    .map((cue) => ({ cue, lines: cueLines(cue) }))
    .filter(({ lines }) => lines.length > 0)
    .map(({ cue, lines }, index) => {
      const times = `${formatMilliseconds(cue.startMs, ',')} --> ${formatMilliseconds(cue.endMs, ',')}`;
      return `${index + 1}\n${times}\n${lines.map(protectText).join('\n')}\n`;
    })
    .join('\n');

/** Cues of an SRT text, either line end; blocks without times are left out, markup stays as text. `utteranceIds` are empty. */
export const parseSrt = (text: string): Cue[] =>
  splitBlocks(text).flatMap((block) => parseBlock(block, unprotectText) ?? []);
