import { accessSync, constants, statSync } from 'node:fs';
import { join } from 'node:path';
import type { CommandLine } from '../../scripts/command-line.ts';
import { COMMAND_LINES } from '../../scripts/command-lines.ts';
import { PROJECT_DIR } from './workspace.ts';

/** The words of a command as a POSIX shell would cut them; throws for a quote that is not closed. Knows quotes and backslashes only. */
export function shellWords(command: string): readonly string[] {
  const words: string[] = [];
  let word: string | undefined;
  for (let at = 0; at < command.length; at += 1) {
    const character = command[at] as string;
    if (character === "'" || character === '"') {
      const end = command.indexOf(character, at + 1);
      if (end === -1) throw new Error(`a quote is not closed: ${command}`);
      word = (word ?? '') + command.slice(at + 1, end);
      at = end;
    } else if (character === '\\') {
      at += 1;
      word = (word ?? '') + (command[at] ?? '');
    } else if (/\s/.test(character)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else if (/[;&|<>`$(){}*?…]/.test(character)) {
      throw new Error(`${character} is not part of a plain command: ${command}`);
    } else word = (word ?? '') + character;
  }
  return word === undefined ? words : [...words, word];
}

/** What is wrong with a command that a message tells to type; undefined when it could be run here as it is. */
export function problemOfFix(command: string): string | undefined {
  let words: readonly string[];
  try {
    words = shellWords(command);
  } catch (error) {
    return (error as Error).message;
  }
  const start = words.findIndex((word) => !/^[A-Z_]+=/.test(word));
  const [program, ...args] = words.slice(Math.max(0, start));
  if (program === undefined) return 'it is empty';
  if (program.startsWith('./')) return problemOfLauncher(program, args);
  if (program === 'unset') return undefined;
  return isInPath(program) ? undefined : `there is no program ${program}`;
}

function problemOfLauncher(program: string, args: readonly string[]): string | undefined {
  if (!isExecutable(join(PROJECT_DIR, program))) return `there is no launcher ${program}`;
  if (program === './babelreel.sh' && args[0] === '--help') return undefined;
  const typed = [program, ...args];
  const lines: readonly CommandLine[] = Object.values(COMMAND_LINES);
  // `./babelreel.sh models audit` is longer than the group `./babelreel.sh models`.
  const [line] = lines
    .filter(({ launcher }) => launcher.split(' ').every((part, index) => part === typed[index]))
    .sort((a, b) => b.launcher.length - a.launcher.length);
  if (line === undefined) return `there is no command ${program} ${args[0] ?? ''}`;
  const aliases = Object.values(line.options).flatMap(({ alias }) => (alias === undefined ? [] : [`-${alias}`]));
  const known = new Set(['--help', '-h', ...aliases, ...Object.keys(line.options).map((name) => `--${name}`)]);
  const given = args.filter((word) => word.startsWith('-'));
  const unknown = given.find((flag) => !known.has(flag));
  if (unknown !== undefined) return `${program} has no flag ${unknown}`;
  const missing = Object.entries(line.options).find(
    ([name, option]) =>
      option.required === true &&
      !args.includes('--help') &&
      !args.includes(`--${name}`) &&
      !args.includes(`-${option.alias}`),
  );
  return missing === undefined ? undefined : `${program} needs --${missing[0]}`;
}

const isInPath = (name: string): boolean =>
  (process.env.PATH ?? '').split(':').some((folder) => isExecutable(join(folder, name)));

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
