import type { Cue } from '../contract/cue.ts';
import { cueLines } from './cue-lines.ts';
import { parseBlock, splitBlocks } from './parse-blocks.ts';
import { formatMilliseconds } from './time-code.ts';

/**
 * SRT has no escapes, but players take `<i>` and `{\an8}` for markup. An invisible word joiner (U+2060) after the sign keeps such text
 * on the screen as it was said.
 */
const protect = (line: string): string => line.replace(/<(?=[\p{L}/!])|\{(?=\\)/gu, '$&\u2060');
const unprotect = (line: string): string => line.replace(/([<{])\u2060/g, '$1');

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
      return `${index + 1}\n${times}\n${lines.map(protect).join('\n')}\n`;
    })
    .join('\n');

/** Cues of an SRT text, either line end; blocks without times are left out, markup stays as text. `utteranceIds` are empty. */
export const parseSrt = (text: string): Cue[] =>
  splitBlocks(text).flatMap((block) => parseBlock(block, unprotect) ?? []);
