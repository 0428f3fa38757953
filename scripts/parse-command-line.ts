import yargs, { type Options } from 'yargs';
import { Failure } from '../shared/contract/failure.ts';
import { didYouMean, nearest } from '../shared/util/nearest.ts';
import { type CommandLine, type CommandOption, hasOptionalValue, usageOf } from './command-line.ts';
import { COMMAND_LINES, type CommandName } from './command-lines.ts';

type ValueOf<O extends CommandOption> = O extends { readonly array: true }
  ? readonly string[]
  : O['type'] extends 'boolean'
    ? boolean
    : O extends { readonly required: true }
      ? string
      : (O['type'] extends 'number' ? number : string) | undefined;

/** What a command line was parsed into: lists are empty and switches false when they were not given. */
export type Parsed<N extends CommandName> = {
  readonly [K in keyof (typeof COMMAND_LINES)[N]['options']]: (typeof COMMAND_LINES)[N]['options'][K] extends infer O extends
    CommandOption
    ? ValueOf<O>
    : never;
} & ((typeof COMMAND_LINES)[N] extends { readonly positional: { readonly many: true } }
  ? { readonly positionals: readonly string[] }
  : { readonly positional: string | undefined });

/**
 * Parses the arguments of a command by its description. `--help` prints and gives undefined.
 * @throws Failure ERR_USAGE with a suggestion for what was mistyped
 */
export async function parseCommandLine<N extends CommandName>(
  name: N,
  args: readonly string[],
): Promise<Parsed<N> | undefined> {
  const line: CommandLine = COMMAND_LINES[name];
  const parser = yargs([])
    .scriptName(line.launcher)
    .usage([`${usageOf(line)} [options]`, line.purpose, ...(line.more ?? [])].join('\n\n'))
    .options(Object.fromEntries(Object.entries(line.options).map(([option, spec]) => [option, yargsOption(spec)])))
    .example(line.examples.map(([command, meaning]) => [command, meaning]))
    .parserConfiguration({
      'camel-case-expansion': false,
      'boolean-negation': false,
      'duplicate-arguments-array': true,
      'greedy-arrays': false,
      'dot-notation': false,
      // `007` is a job's id, not seven.
      'parse-positional-numbers': false,
    })
    .help(false)
    .version(false)
    // Our own text is English, so what yargs adds to it is, too.
    .locale('en')
    .exitProcess(false)
    .wrap(Math.min(120, process.stdout.columns ?? 100))
    .option('help', { alias: 'h', type: 'boolean', describe: 'show this help' });
  let argv: Readonly<Record<string, unknown>>;
  try {
    argv = await parser.fail(false).parseAsync([...args]);
  } catch (error) {
    throw valueMissing(line, error);
  }
  if (argv.help === true) {
    process.stdout.write(`${await parser.getHelp()}\n`);
    return undefined;
  }
  refuseUnknown(line, argv);
  const values = Object.fromEntries(
    Object.entries(line.options).map(([option, spec]) => [option, readOption(line, option, spec, argv[option])]),
  );
  const given = readPositionals(line, argv._ as readonly unknown[]);
  const positional = line.positional?.many === true ? { positionals: given } : { positional: given[0] };
  return { ...values, ...positional } as unknown as Parsed<N>;
}

/** Required options are checked here, where the message is ours. */
function yargsOption(spec: CommandOption): Options {
  return {
    type: spec.type,
    ...(spec.alias !== undefined && { alias: spec.alias }),
    ...(spec.array === true && { array: true }),
    describe: spec.value === undefined ? spec.text : `${spec.value}: ${spec.text}`,
    ...(spec.type === 'string' && !hasOptionalValue(spec) && { requiresArg: true }),
  };
}

/** yargs has one error of its own under our settings: a flag at the end, or before another flag, without its value. */
function valueMissing(line: CommandLine, error: unknown): unknown {
  const given = error instanceof Error ? /^Not enough arguments following: (.+)$/.exec(error.message)?.[1] : undefined;
  if (given === undefined) return error;
  const [name, spec] = Object.entries(line.options).find(
    ([option, { alias }]) => option === given || alias === given,
  ) ?? [given];
  return usage(line, `--${name} needs a value.`, spec === undefined ? undefined : `It names ${spec.text}.`);
}

const usage = (line: CommandLine, message: string, why?: string): Failure =>
  new Failure('ERR_USAGE', message, { ...(why !== undefined && { why }), fix: [`${line.launcher} --help`] });

function refuseUnknown(line: CommandLine, argv: Readonly<Record<string, unknown>>): void {
  const known = ['help', ...Object.keys(line.options)];
  const aliases = [
    'h',
    ...Object.values(line.options).flatMap((spec) => (spec.alias === undefined ? [] : [spec.alias])),
  ];
  for (const given of Object.keys(argv)) {
    if (given === '_' || given === '$0' || known.includes(given) || aliases.includes(given)) continue;
    const meant = nearest(given, known);
    const hint = meant === undefined ? '' : ` Did you mean --${meant}?`;
    throw usage(line, `There is no flag ${given.length === 1 ? '-' : '--'}${given}.${hint}`);
  }
}

function readOption(line: CommandLine, name: string, spec: CommandOption, given: unknown): unknown {
  if (spec.array === true) {
    // Several flags and comma-separated lists are the same, except where a comma may be part of a value.
    const list = (given === undefined ? [] : [given].flat()).map(String);
    return name === 'set'
      ? list
      : list
          .flatMap((text) => text.split(','))
          .map((text) => text.trim())
          .filter((text) => text !== '');
  }
  if (Array.isArray(given)) throw usage(line, `--${name} was given ${given.length} times.`);
  if (spec.type === 'boolean') return given === true;
  if (given === undefined) {
    if (spec.required === true) throw usage(line, `--${name} is missing.`, `It names ${spec.text}.`);
    return undefined;
  }
  if (spec.type === 'number') {
    if (typeof given !== 'number' || Number.isNaN(given)) throw usage(line, `--${name} needs a number.`);
    return given;
  }
  const text = String(given);
  const { choices } = spec;
  if (choices !== undefined && !choices.includes(text) && !(text === '' && hasOptionalValue(spec)))
    throw usage(
      line,
      `--${name} is not ${JSON.stringify(text)}.${didYouMean(text, choices)}`,
      `It is one of ${choices.join(', ')}.`,
    );
  return text;
}

function readPositionals(line: CommandLine, given: readonly unknown[]): readonly string[] {
  const { positional } = line;
  const max = positional === undefined ? 0 : positional.many === true ? Number.POSITIVE_INFINITY : 1;
  if (given.length > max) throw usage(line, `${JSON.stringify(String(given[max]))} is one argument too many.`);
  if (positional?.required === true && given.length === 0)
    throw usage(line, `${positional.name} is missing.`, `It names ${positional.text}.`);
  return given.map(String);
}
