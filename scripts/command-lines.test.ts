import { expect, it } from 'vitest';
import { problemOfFix, shellWords } from '../tests/helpers/fix-command.ts';
import { COMMAND_LINES, type CommandLine, type CommandName } from './command-lines.ts';
import { parseCommandLine } from './parse-command-line.ts';

const lines = Object.entries(COMMAND_LINES) as readonly (readonly [CommandName, CommandLine])[];
const examples = lines
  .flatMap(([name, { examples: list }]) => list.map(([command]) => ({ name, command })))
  .filter(({ command }) => !command.endsWith(' --help'));

it('every command has an example', () => {
  expect(lines.every(([, line]) => line.examples.length > 0)).toBe(true);
});

it.each(examples)('the example can be typed: $command', async ({ name, command }) => {
  expect(problemOfFix(command)).toBeUndefined();
  const { launcher } = COMMAND_LINES[name];
  expect(command.startsWith(launcher)).toBe(true);
  const args = shellWords(command.slice(launcher.length));
  await expect(parseCommandLine(name, args)).resolves.toBeDefined();
});

it('no two flags of a command share a letter, and none takes that of --help', () => {
  for (const [, { options }] of lines) {
    const letters = ['h', ...Object.values(options).flatMap(({ alias }) => alias ?? [])];
    expect(new Set(letters).size).toBe(letters.length);
    expect(letters.every((letter) => /^[a-z]$/.test(letter))).toBe(true);
  }
});

it('a flag that takes a value says what it is, and a switch has none', () => {
  for (const [, { options }] of lines)
    for (const { type, value } of Object.values(options)) expect(value === undefined).toBe(type === 'boolean');
});
