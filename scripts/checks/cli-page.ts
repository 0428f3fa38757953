import { type CommandLine, type CommandOption, usageOf } from '../command-line.ts';
import { COMMAND_LINES } from '../command-lines.ts';

/** Inside a cell of a table a bar would end the cell. */
const cell = (text: string): string => text.replaceAll('|', '\\|');
/** Outside of code `<id>` would be taken for a tag and not be shown. */
const prose = (text: string): string => text.replaceAll('<', '\\<');

const anchor = (launcher: string): string => launcher.replace(/[^a-z0-9 -]/g, '').replaceAll(' ', '-');

function optionRow([name, option]: readonly [string, CommandOption]): string {
  const flags = [`--${name}`, ...(option.alias === undefined ? [] : [`-${option.alias}`])];
  const value = option.value === undefined ? '' : ` ${option.value}`;
  const notes = [
    ...(option.required === true ? ['required'] : []),
    ...(option.array === true ? ['may be given several times'] : []),
  ];
  return `| ${flags.map((flag) => `\`${cell(flag + value)}\``).join(', ')} | ${prose(cell(option.text))} | ${notes.join('; ')} |`;
}

function section(line: CommandLine): readonly string[] {
  const { launcher, purpose, more = [], positional, options, examples } = line;
  return [
    `## ${launcher}`,
    '',
    ...[purpose, ...more].flatMap((paragraph) => [prose(paragraph), '']),
    `Usage: \`${usageOf(line)} [options]\``,
    '',
    '| option | meaning | |',
    '|---|---|---|',
    ...(positional === undefined
      ? []
      : [
          `| \`${cell(positional.name)}\` | ${cell(positional.text)} | ${positional.required ? 'required' : 'optional'} |`,
        ]),
    ...Object.entries(options).map(optionRow),
    '| `--help`, `-h` | show this help | |',
    '',
    '```bash',
    ...examples.flatMap(([command, meaning]) => [`# ${meaning}`, command]),
    '```',
    '',
  ];
}

/** docs/cli.md, from scripts/command-lines.ts: every command with its options and examples. */
export function cliPage(): string {
  const lines: readonly CommandLine[] = Object.values(COMMAND_LINES);
  return [
    '# Commands',
    '',
    'Generated from `scripts/command-lines.ts` by `npm run generate`.',
    '',
    'The result goes to stdout, everything else to stderr, so that a result can be piped. Options that take a list read commas and repetition',
    'alike: `-t es,pt-BR` is `-t es -t pt-BR`; only `--set` is one setting each time. Exit codes: [errors](errors.md).',
    'Where things lie and how long is waited are settings: [settings](config.md). Every command also takes `--root NAME=PATH`, which puts one',
    'folder elsewhere for this time.',
    '',
    '| command | purpose |',
    '|---|---|',
    ...lines.map(({ launcher, purpose }) => `| [\`${launcher}\`](#${anchor(launcher)}) | ${prose(cell(purpose))} |`),
    '',
    ...lines.flatMap(section),
    '## Others',
    '',
    '`./babelreel.sh --help` lists the commands, `./babelreel.sh --version` prints the version. `./test.sh` runs every check and test: see',
    '[contributing](../CONTRIBUTING.md).',
    '',
  ].join('\n');
}
