import { Failure } from '../../shared/contract/failure.ts';
import { renderTable } from '../../shared/report/render-table.ts';
import { didYouMean } from '../../shared/util/nearest.ts';
import type { CommandLine } from '../command-line.ts';
import { COMMAND_LINES } from '../command-lines.ts';

/** `./babelreel.sh --help`: every command with its purpose. */
export async function run(): Promise<number> {
  const all: readonly CommandLine[] = Object.values(COMMAND_LINES);
  // A group such as `models` lists its own commands.
  const lines = all.filter(({ launcher }) => launcher.split(' ').length < 3);
  const commands = renderTable(
    lines.map(({ launcher, purpose }) => [launcher, purpose]),
    { indent: '  ' },
  );
  const examples = renderTable(
    lines.flatMap((line) => line.examples.slice(0, 1)),
    { indent: '  ' },
  );
  process.stdout.write(
    `babelreel: film in; subtitles, translations and a dub out; offline.\n\nCommands (each has --help):\n${commands.join('\n')}\n\nFor all of them: --root NAME=PATH puts a folder elsewhere (out, in, objects, state, …; docs/config.md).\n\nExamples:\n${examples.join('\n')}\n\nStart with ./run-pipeline.sh --demo, or read docs/concepts.md.\n`,
  );
  return 0;
}

/** `--help` and nothing are this command; anything else is a typing error. @throws Failure ERR_USAGE with a suggestion */
export function unknownCommand(name: string, known: readonly string[]): () => Promise<{ run(): Promise<number> }> {
  if (name === '--help' || name === '-h') return async () => ({ run });
  throw new Failure('ERR_USAGE', `There is no command ${JSON.stringify(name)}.${didYouMean(name, known)}`, {
    why: `Commands: ${known.join(', ')}.`,
    fix: ['./babelreel.sh --help'],
  });
}
