import type { JobEvent } from '../contract/event.ts';
import { escapeText } from './escape-text.ts';
import { eventLine } from './event-lines.ts';
import { formatDuration } from './format-duration.ts';
import { createPaint } from './paint.ts';
import { createStageBoard } from './stage-board.ts';

export interface Sink {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

export interface TerminalOptions {
  readonly stdout: Sink;
  readonly stderr: Sink;
  /** Only errors and the result. */
  readonly quiet: boolean;
  /** Events as JSON lines on stderr, one JSON object on stdout at the end. */
  readonly json: boolean;
  /** stderr is a screen that understands cursor movement; as stderr and TERM say, unless told. */
  readonly isTty?: boolean;
  /** Width of the screen; as stderr says, else 80. */
  readonly columns?: number;
  /** As NO_COLOR says, unless told; never without a screen. */
  readonly colour?: boolean;
  /** Milliseconds on a clock that does not go backwards. */
  readonly now?: () => number;
}

/** How a run ended well. */
export interface FinishedRun {
  readonly id: string;
  /** Stages that were computed; all others were done already. */
  readonly ran: readonly string[];
  readonly delivered: readonly { readonly path: string; readonly status: 'written' | 'unchanged' | 'kept' }[];
  readonly warnings: number;
  readonly seconds: number;
  readonly reportPath: string;
}

/** Progress goes to stderr, the result to stdout, so that a result can be piped. */
export interface Terminal {
  onEvent(event: JobEvent): void;
  /** A text of some lines on stderr; not with quiet or json. */
  note(text: string): void;
  /** Ends the live view and prints the result: the delivered paths on stdout, one a line, or one JSON object. */
  finish(run: FinishedRun): void;
  /** Ends the live view, so that others may print; safe to call twice. */
  close(): void;
  [Symbol.dispose](): void;
}

const plural = (count: number, word: string): string => (count === 1 ? word : `${word}s`);

/** At most five redraws a second. */
const REDRAW_MS = 200;

/** Subscribes to a job's events and shows them. Owns one timer, and only while something is drawn. */
export function createTerminal(options: TerminalOptions): Terminal {
  const { stdout, stderr, quiet, json, now = () => performance.now() } = options;
  const isTty = options.isTty ?? (stderr.isTTY === true && process.env.TERM !== 'dumb');
  // asked at every drawing: a window is resized while a film runs
  const columns = (): number => options.columns ?? (stderr.columns || 80);
  const colour = options.colour ?? (process.env.NO_COLOR ?? '') === '';
  const live = isTty && !quiet && !json;
  const paint = createPaint(live && colour);
  const board = createStageBoard();
  let drawn = 0;
  let drawnAt = Number.NEGATIVE_INFINITY;
  let timer: NodeJS.Timeout | undefined;

  const erase = (): string => (drawn === 0 ? '' : `\u001b[${drawn}A\u001b[J`);
  const draw = (above = ''): void => {
    const lines = board.lines(now(), columns() - 1);
    stderr.write(erase() + above + lines.map((line) => `${line}\n`).join(''));
    drawn = lines.length;
    drawnAt = now();
  };
  const drawSoon = (): void => {
    if (timer !== undefined) return;
    timer = setTimeout(
      () => {
        timer = undefined;
        draw();
        // elapsed times go on while nothing is reported
        if (drawn > 0) drawSoon();
      },
      Math.max(0, drawnAt + REDRAW_MS - now()),
    );
    timer.unref();
  };
  const close = (): void => {
    clearTimeout(timer);
    timer = undefined;
    if (drawn > 0) stderr.write(erase());
    drawn = 0;
  };

  return {
    onEvent(event) {
      if (json) stderr.write(`${JSON.stringify(event)}\n`);
      if (json || quiet) return;
      board.apply(event, now());
      const line = eventLine(event, paint, live);
      if (!live) {
        if (line !== undefined) stderr.write(`${line}\n`);
      } else if (line !== undefined) draw(`${line}\n`);
      else drawSoon();
    },
    note(text) {
      if (quiet || json) return;
      close();
      stderr.write(`${text}\n`);
    },
    finish({ id, ran, delivered, warnings, seconds, reportPath }) {
      close();
      if (json) {
        const result = { id, outcome: 'done', ran, delivered, warnings, seconds, report: reportPath };
        stdout.write(`${JSON.stringify(result)}\n`);
        return;
      }
      if (!quiet) {
        const what = ran.length === 0 ? 'nothing had to be done' : `${ran.length} ${plural(ran.length, 'stage')} ran`;
        const warned = warnings === 0 ? '' : `, ${warnings} ${plural(warnings, 'warning')}`;
        stderr.write(`${paint('green', '✓')} Job ${id} is finished: ${what}, ${formatDuration(seconds)}${warned}.\n`);
        stderr.write(`  report: ${escapeText(reportPath)}\n`);
      }
      stdout.write(delivered.map(({ path }) => `${path}\n`).join(''));
    },
    close,
    [Symbol.dispose]: close,
  };
}
