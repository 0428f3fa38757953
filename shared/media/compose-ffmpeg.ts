import FluentCommand from 'fluent-ffmpeg';
import type { MediaCommand, MediaInput, MediaOutput } from '../contract/media-command.ts';
import { fileUrl } from './file-url.ts';
import { allocationLimit, inputLimits } from './input-limits.ts';

/** The part of fluent-ffmpeg used here. It only puts arguments in order; its own way of starting processes is never used. */
interface ArgumentList {
  input(source: string): ArgumentList;
  /** As separate arguments: a list would be searched for values of two words, and those torn apart. */
  inputOptions(...options: readonly string[]): ArgumentList;
  complexFilter(graph: readonly string[]): ArgumentList;
  output(target: string): ArgumentList;
  outputOptions(...options: readonly string[]): ArgumentList;
  /** Private; the version is pinned for it. */
  _getArguments(): readonly string[];
}

/** Options that name files, weaken a limit or hand a program to ffmpeg; no stage has a use for them. */
const FORBIDDEN =
  /^-{1,2}(i|\/.*|dump_attachment.*|attach|safe|y|n|stdin|filter_script.*|filter_complex_script|init_hw_device|.*_whitelist|enable_drefs|use_absolute_path|progress|report|vstats.*|sdp_file|[avsf]?pre)$/;

const HEAD = ['-hide_banner', '-nostdin', '-nostats', '-loglevel', 'level+warning', '-progress', 'pipe:3', '-y'];

/** Output bytes that depend on the content only, never on the build or the time. */
const BIT_EXACT = ['-fflags', '+bitexact', '-flags:v', '+bitexact', '-flags:a', '+bitexact'];

/**
 * The argument list of one ffmpeg call, program name not included: limits before every input, `file:` and an absolute path for
 * every name, progress on file descriptor 3. Starts nothing.
 * @throws TypeError for a relative path, a forbidden option or a filter graph with quotes: bugs of the caller
 */
export function composeFfmpeg(command: MediaCommand): string[] {
  if (command.inputs.length === 0 || command.outputs.length === 0) throw new TypeError('no input or no output');
  const list = FluentCommand() as unknown as ArgumentList;
  for (const input of command.inputs) addInput(list, input);
  if (command.filterGraph !== undefined) list.complexFilter([checkedGraph(command.filterGraph)]);
  for (const output of command.outputs) addOutput(list, output);
  return [...HEAD, ...allocationLimit, ...list._getArguments()];
}

function addInput(list: ArgumentList, { path, trust, options = [] }: MediaInput): void {
  if (trust === 'pcm' && !options.includes('-f')) throw new TypeError('raw samples need a format');
  list.input(fileUrl(path)).inputOptions(...inputLimits(trust), ...checkedOptions(options));
}

function addOutput(list: ArgumentList, { path, options }: MediaOutput): void {
  list.output(fileUrl(path)).outputOptions(...checkedOptions(options), ...BIT_EXACT);
}

function checkedOptions(options: readonly string[]): readonly string[] {
  for (const option of options) {
    if (FORBIDDEN.test(option) || option.includes('\0')) throw new TypeError(`forbidden ffmpeg option: ${option}`);
  }
  return options;
}

/** Text that came from a file name can break out of a graph only with a quote, a backslash or a line end. */
function checkedGraph(graph: string): string {
  if (!/^[\x20-\x7e]+$/.test(graph) || /['"\\]/.test(graph))
    throw new TypeError(`not a constant filter graph: ${graph}`);
  return graph;
}
