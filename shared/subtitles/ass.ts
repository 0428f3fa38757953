import type { Cue } from '../contract/cue.ts';
import { cueLines } from './cue-lines.ts';
import { formatCentiseconds } from './time-code.ts';

const RTL = /[\p{Script=Arabic}\p{Script=Hebrew}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}]/u;

/** 54 of 1080 lines is 5 % of the height; 42 columns of half that width take 1134 of 1920. */
const STYLE_FIELDS =
  'Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, Underline, StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, MarginR, MarginV, Encoding';

/** Encoding -1 makes the renderer find each line's direction; with 1 the full stop of a Hebrew line stands on its wrong side. */
const header = (rtl: boolean): string =>
  [
    '[Script Info]',
    'ScriptType: v4.00+',
    'PlayResX: 1920',
    'PlayResY: 1080',
    'WrapStyle: 0',
    'ScaledBorderAndShadow: yes',
    '',
    '[V4+ Styles]',
    `Format: ${STYLE_FIELDS}`,
    `Style: Default,Arial,54,&H00FFFFFF,&H00FFFFFF,&H00000000,&H80000000,0,0,0,0,100,100,0,0,1,3,1,2,96,96,54,${rtl ? -1 : 1}`,
    '',
    '[Events]',
    'Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text',
    '',
  ].join('\n');

/** A backslash has no escape in ASS: a word joiner (U+2060) after it keeps `\N` in a text from breaking the line. */
const escapeText = (line: string): string => line.replaceAll('\\', '\\\u2060').replace(/[{}]/g, '\\$&');

/**
 * Advanced SubStation Alpha for 1920 × 1080, white with a black outline, bottom centre. Times are rounded to its hundredths of a second
 * without an empty or overlapping cue coming of it. No cues: the header alone.
 */
export function writeAss(cues: readonly Cue[]): string {
  let previousEnd = 0;
  let events = '';
  for (const cue of cues) {
    const lines = cueLines(cue);
    if (lines.length === 0) continue;
    const start = Math.max(previousEnd, Math.round(cue.startMs / 10));
    const end = Math.max(start + 1, Math.round(cue.endMs / 10));
    previousEnd = end;
    const text = lines.map(escapeText).join('\\N');
    events += `Dialogue: 0,${formatCentiseconds(start)},${formatCentiseconds(end)},Default,,0,0,0,,${text}\n`;
  }
  return header(cues.some((cue) => cue.lines.some((line) => RTL.test(line)))) + events;
}
