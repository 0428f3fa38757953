import type { Cue } from '../contract/cue.ts';
import { cleanText } from './clean-text.ts';

/** A cue's lines as a format may write them: clean, and no empty one, which would end the cue in SRT and WebVTT. */
export const cueLines = (cue: Cue): string[] => cue.lines.map(cleanText).filter((line) => line !== '');
