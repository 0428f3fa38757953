import { expect, test } from 'vitest';
import { COMMAND_LINES, type CommandLine } from '../command-lines.ts';
import { cliPage } from './cli-page.ts';
import { commandsIn } from './documented-commands.ts';
import { anchorsOf, linksOf, partsOf } from './markdown.ts';

const page = cliPage();
const lines: readonly CommandLine[] = Object.values(COMMAND_LINES);

test('every command has its own heading, purpose and examples on the page', () => {
  for (const { launcher, examples } of lines) {
    expect(page).toContain(`\n## ${launcher}\n`);
    for (const [command] of examples) expect(partsOf(page).fenced.flatMap(commandsIn)).toContain(command);
  }
});

test('every option of a command is in the section of that command, with its short form and value', () => {
  const section = page.split('\n## ').find((text) => text.startsWith('./prepare-job.sh\n')) ?? '';
  for (const name of Object.keys(COMMAND_LINES['prepare-job'].options)) expect(section).toContain(`\`--${name}`);
  expect(section).toContain('| `--media FILE`, `-m FILE` | the film or recording | required |');
  expect(section).not.toContain('`--plan`');
});

test('every link of the table of commands leads to a heading of the page', () => {
  const anchors = anchorsOf(page);
  const own = linksOf(partsOf(page).prose).filter((target) => target.startsWith('#'));
  expect(own).toHaveLength(lines.length);
  for (const target of own) expect(anchors).toContain(target.slice(1));
});

test('a bar and a pointed bracket in a text do not break the table or vanish', () => {
  expect(page).toContain('`--audio-stream N\\|LANG`');
  expect(page).toContain('out/\\<id>/');
});
