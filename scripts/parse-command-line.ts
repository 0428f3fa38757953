import yargs, { type Options } from 'yargs';
import { Failure } from '../shared/contract/failure.ts';
import { nearest } from '../shared/util/nearest.ts';
import { COMMAND_LINES, type CommandLine, type CommandName, type CommandOption } from './command-lines.ts';

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
} & { readonly positional: string | undefined };

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
    .usage(
      `$0${line.positional === undefined ? '' : line.positional.required ? ` ${line.positional.name}` : ` [${line.positional.name}]`} [options]\n\n${line.purpose}`,
    )
    .options(
      Object.fromEntries(Object.entries(line.options).map(([option, spec]) => [option, yargsOption(option, spec)])),
    )
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
  return { ...values, positional: readPositional(line, argv._ as readonly unknown[]) } as unknown as Parsed<N>;
}

/** `--force` may stand alone, so its value is optional; required options are checked here, where the message is ours. */
function yargsOption(name: string, spec: CommandOption): Options {
  return {
    type: spec.type,
    ...(spec.alias !== undefined && { alias: spec.alias }),
    ...(spec.array === true && { array: true }),
    describe: spec.value === undefined ? spec.text : `${spec.value}: ${spec.text}`,
    ...(spec.type === 'string' && name !== 'force' && { requiresArg: true }),
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
  return String(given);
}

function readPositional(line: CommandLine, given: readonly unknown[]): string | undefined {
  const max = line.positional === undefined ? 0 : 1;
  if (given.length > max) throw usage(line, `${JSON.stringify(String(given[max]))} is one argument too many.`);
  if (line.positional?.required === true && given.length === 0)
    throw usage(line, `${line.positional.name} is missing.`, `It names ${line.positional.text}.`);
  return given[0] === undefined ? undefined : String(given[0]);
}
