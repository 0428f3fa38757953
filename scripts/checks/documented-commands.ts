import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type CommandLine, type CommandOption, hasOptionalValue } from '../command-line.ts';
import { COMMAND_LINES } from '../command-lines.ts';

const LINES: readonly CommandLine[] = Object.values(COMMAND_LINES);
const HELP = ['--help', '-h'];
/** Flags of launchers that have no command line of their own. */
const PLAIN_FLAGS: Readonly<Record<string, readonly string[]>> = { './test.sh': ['--full'] };
/** What every command takes (scripts/take-roots.ts). */
const ROOT: CommandOption = { type: 'string', value: 'NAME=PATH', text: 'a folder for this time' };

/** The launcher calls in a line of text or code, each from `./name.sh` to its end; comments, pipes and redirections are cut off. */
export const commandsIn = (line: string): readonly string[] =>
  [...line.matchAll(/(?<![\w/.])\.\/[\w-]+\.sh(?![\w/])[^#|;&)]*/g)].map(([command]) =>
    command.replace(/\s\d?[<>].*$/, '').trim(),
  );

/**
 * What is wrong with a launcher call in a document, as sentences. `whole`: it is there to be typed, so nothing it needs may be missing;
 * otherwise it is only named. `…` and `[options]` stand for anything.
 */
export function problemsOfCommand(command: string, where: { projectDir: string; whole: boolean }): readonly string[] {
  const [program = '', ...words] = command.replace('[options]', '…').match(/(?:'[^']*'|"[^"]*"|[^\s'"…])+/g) ?? [];
  const lines = LINES.filter(({ launcher }) => launcher.split(' ')[0] === program);
  if (lines.length === 0) {
    // A launcher without options, or none at all.
    if (!existsSync(join(where.projectDir, program))) return [`there is no ${program}`];
    return words
      .filter((word) => word.startsWith('-') && ![...HELP, ...(PLAIN_FLAGS[program] ?? [])].includes(word))
      .map((word) => `${program} has no ${word}`);
  }
  return problemsOfNamed(lines, program, words, where.whole);
}

/** `./babelreel.sh models audit`: the launcher of a line is a beginning of what is typed, the longest one counts. */
function problemsOfNamed(
  lines: readonly CommandLine[],
  program: string,
  words: readonly string[],
  whole: boolean,
): readonly string[] {
  const typed = [program, ...words];
  const begins = ({ launcher }: CommandLine): boolean =>
    launcher.split(' ').every((part, index) => part === typed[index]);
  const [line] = lines.filter(begins).sort((a, b) => b.launcher.length - a.launcher.length);
  if (line !== undefined) {
    const length = line.launcher.split(' ').length;
    const next = typed[length];
    // A group without a command of its own behind it: `./babelreel.sh models audits`.
    const isGroup = lines.some((other) => other.launcher.startsWith(`${line.launcher} `));
    if (isGroup && next !== undefined && /^[a-z]/.test(next)) return [`${line.launcher} has no command ${next}`];
    return problemsOfWords(line, typed.slice(length), whole);
  }
  const [first = ''] = words;
  if (first === '' || first.startsWith('-'))
    return ['', '--version', ...HELP].includes(first) ? [] : [`${program} has no ${first}`];
  return [`${program} has no command ${first}`];
}

function problemsOfWords(line: CommandLine, words: readonly string[], whole: boolean): readonly string[] {
  if (words.some((word) => HELP.includes(word))) return [];
  const problems: string[] = [];
  const given = new Set<string>();
  let positionals = 0;
  for (let index = 0; index < words.length; index += 1) {
    const [flag = '', attached] = (words[index] as string).split(/=(.*)/s);
    if (!flag.startsWith('-')) {
      positionals += 1;
      continue;
    }
    const found = findOption(line, flag);
    if (found === undefined) {
      problems.push(`${line.launcher} has no ${flag}`);
      continue;
    }
    const [name, option] = found;
    given.add(name);
    if (option.type === 'boolean' || attached !== undefined) continue;
    const next = words[index + 1];
    if (next !== undefined && !next.startsWith('-')) index += 1;
    else if (whole && !hasOptionalValue(option)) problems.push(`${line.launcher} ${flag} lacks its value`);
  }
  const most = line.positional === undefined ? 0 : line.positional.many === true ? Number.POSITIVE_INFINITY : 1;
  // What follows an unknown flag may be its value.
  if (problems.length === 0 && positionals > most) problems.push(`${line.launcher} takes no further word`);
  if (!whole) return problems;
  if (line.positional?.required === true && positionals === 0)
    problems.push(`${line.launcher} lacks ${line.positional.name}`);
  for (const [name, option] of Object.entries(line.options))
    if (option.required === true && !given.has(name)) problems.push(`${line.launcher} lacks --${name}`);
  return problems;
}

const findOption = (line: CommandLine, flag: string): readonly [string, CommandOption] | undefined =>
  Object.entries<CommandOption>({ ...line.options, root: ROOT }).find(
    ([name, { alias }]) => flag === `--${name}` || (alias !== undefined && flag === `-${alias}`),
  );
