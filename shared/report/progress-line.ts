import { escapeText } from './escape-text.ts';
import { fitText } from './fit-text.ts';
import { formatBytesShort } from './format-bytes.ts';
import { formatDuration } from './format-duration.ts';
import type { Sink } from './terminal.ts';

export interface Progress {
  /** What is at work: a model, a file. Foreign text is made safe. */
  readonly now: string;
  readonly doneBytes: number;
  /** Null while nobody knows. */
  readonly totalBytes: number | null;
}

export interface ProgressLine extends Disposable {
  update(progress: Progress): void;
  /** A line that stays, above the one that moves. */
  note(text: string): void;
  /** Takes the moving line away; safe to call twice. */
  close(): void;
}

export interface ProgressLineOptions {
  readonly stderr: Sink;
  /** Nothing at all, not even notes. */
  readonly quiet: boolean;
  /** stderr is a screen; as it says itself and TERM, unless told. */
  readonly isTty?: boolean;
  /** Milliseconds on a clock that does not go backwards. */
  readonly now?: () => number;
}

/** On a screen at most five redraws a second; elsewhere a line every five seconds. */
const REDRAW_MS = 200;
const LINE_MS = 5000;
/** A rate from less than this long is noise. */
const RATE_MS = 1500;

/** How far a long action is, on stderr: one line that is redrawn on a screen, else one line now and then. Owns no timer. */
export function createProgressLine(options: ProgressLineOptions): ProgressLine {
  const { stderr, quiet, now = () => performance.now() } = options;
  const live = options.isTty ?? (stderr.isTTY === true && process.env.TERM !== 'dumb');
  let drawn = false;
  let saidAt = live ? Number.NEGATIVE_INFINITY : now();
  let first: { readonly at: number; readonly doneBytes: number } | undefined;

  const close = (): void => {
    if (drawn) stderr.write('\r\u001b[K');
    drawn = false;
  };
  return {
    update(progress) {
      if (quiet) return;
      const at = now();
      const { doneBytes } = progress;
      if (first === undefined || doneBytes < first.doneBytes) first = { at, doneBytes };
      if (at - saidAt < (live ? REDRAW_MS : LINE_MS)) return;
      saidAt = at;
      // A terminal that does not know its width says 0.
      const line = progressText(progress, at - first.at, doneBytes - first.doneBytes);
      if (!live) stderr.write(`${line}\n`);
      else {
        stderr.write(`\r\u001b[K${fitText(line, (stderr.columns || 80) - 1)}`);
        drawn = true;
      }
    },
    note(text) {
      if (quiet) return;
      close();
      stderr.write(`${text}\n`);
    },
    close,
    [Symbol.dispose]: close,
  };
}

function progressText({ now, doneBytes: done, totalBytes: total }: Progress, ms: number, bytes: number): string {
  const rate = ms < RATE_MS || bytes <= 0 ? undefined : (bytes / ms) * 1000;
  const known = total !== null && total > 0;
  const parts = [
    known ? `${String(Math.floor((Math.min(done, total) / total) * 100)).padStart(3)} %` : '',
    known ? `${formatBytesShort(done)} of ${formatBytesShort(total)}` : formatBytesShort(done),
    rate === undefined ? '' : `${formatBytesShort(rate)}/s`,
    rate === undefined || !known ? '' : `about ${formatDuration(Math.max(0, total - done) / rate)} left`,
    escapeText(now),
  ];
  return `  ${parts.filter((part) => part !== '').join('  ')}`;
}
