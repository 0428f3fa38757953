/**
 * One ffmpeg call as data. shared/media turns it into arguments: names become `file:` + absolute path, every input gets the protocol,
 * format and codec allow-lists, every output is bit-exact. Options are constants or numbers, never text that came from a user.
 */
export interface MediaInput {
  readonly path: string;
  /** `pcm`: raw samples we wrote ourselves. `own`: a container or text we wrote ourselves. `foreign`: anything a user gave. */
  readonly trust: 'pcm' | 'own' | 'foreign';
  /** Options in front of `-i`: `['-f', 's16le', '-ar', '16000']`. */
  readonly options?: readonly string[];
}

export interface MediaOutput {
  readonly path: string;
  /** Options in front of the output name, codecs and maps included. */
  readonly options: readonly string[];
}

export interface MediaCommand {
  readonly inputs: readonly MediaInput[];
  readonly outputs: readonly MediaOutput[];
  /** A constant graph with numbers in it. */
  readonly filterGraph?: string;
  /** Private folder the process runs in, absolute: a filter that reads a file (`subtitles=burn-in.srt`) finds it there by a constant name. */
  readonly cwd?: string;
  /** Length of what is made, for progress and the time-out. */
  readonly expectedMs?: number;
  /** Cpu slots it is admitted with; 1 unless told. */
  readonly cpu?: number;
  /** Called with the position in the output, milliseconds. */
  readonly onProgress?: (ms: number) => void;
}

export interface MediaResult {
  /** Position ffmpeg reached in the output, milliseconds. */
  readonly reachedMs: number;
  /** Lines of level error about damaged input, capped at 100; their number in `damageCount`. */
  readonly damageLines: readonly string[];
  readonly damageCount: number;
  readonly stderrTail: readonly string[];
}
