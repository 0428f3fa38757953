import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { COMMAND_LINES } from '../command-lines.ts';
import { commandsIn, problemsOfCommand } from './documented-commands.ts';

const projectDir = fileURLToPath(new URL('../..', import.meta.url));
const typed = (command: string): readonly string[] => problemsOfCommand(command, { projectDir, whole: true });
const named = (command: string): readonly string[] => problemsOfCommand(command, { projectDir, whole: false });

test('the examples of every command are right', () => {
  for (const { examples } of Object.values(COMMAND_LINES)) {
    for (const [command] of examples) expect(typed(command), command).toEqual([]);
  }
});

test('a launcher, a command and a flag that do not exist are named', () => {
  expect(typed('./make-coffee.sh')).toEqual(['there is no ./make-coffee.sh']);
  expect(typed('./babelreel.sh brew 1')).toEqual(['./babelreel.sh has no command brew']);
  expect(typed('./babelreel.sh --brew')).toEqual(['./babelreel.sh has no --brew']);
  expect(typed('./run-pipeline.sh -j 1 --resume')).toEqual(['./run-pipeline.sh has no --resume']);
  expect(typed('./test.sh --fast')).toEqual(['./test.sh has no --fast']);
});

test('a command of a group is found by its two names, and the group alone is a command too', () => {
  expect(typed('./babelreel.sh models')).toEqual([]);
  expect(typed('./babelreel.sh models verify a b c')).toEqual([]);
  expect(typed('./babelreel.sh models audits')).toEqual(['./babelreel.sh models has no command audits']);
  expect(typed('./babelreel.sh models audit --deeep')).toEqual(['./babelreel.sh models audit has no --deeep']);
  expect(typed('./babelreel.sh models show')).toEqual(['./babelreel.sh models show lacks ID']);
  expect(named('./babelreel.sh models --deep')).toEqual(['./babelreel.sh models has no --deep']);
});

test('a command to be typed lacks nothing that it needs', () => {
  expect(typed('./prepare-job.sh -m in/a.mp4 -s en')).toEqual(['./prepare-job.sh lacks --workflow']);
  expect(typed('./babelreel.sh explain')).toEqual(['./babelreel.sh explain lacks ID']);
  expect(typed('./run-pipeline.sh -j')).toEqual(['./run-pipeline.sh -j lacks its value']);
  expect(typed('./run-pipeline.sh -j 1 2')).toEqual(['./run-pipeline.sh takes no further word']);
});

test('a command that is only named may be short', () => {
  for (const command of [
    './prepare-job.sh',
    './babelreel.sh explain',
    './babelreel.sh',
    './run-pipeline.sh -j',
    './prepare-job.sh … --end 9',
    './babelreel.sh status [ID] [options]',
  ])
    expect(named(command), command).toEqual([]);
  expect(named('./run-pipeline.sh --resume')).toEqual(['./run-pipeline.sh has no --resume']);
});

test('help, an optional value and a quoted value are understood', () => {
  for (const command of [
    './prepare-job.sh --help',
    './babelreel.sh --version',
    './babelreel.sh logs -h',
    './run-pipeline.sh -j 1 --force',
    "./prepare-job.sh --media='in/my film.mp4' -w dub -s en -t es --set 'mix.duckDb=-12'",
    './test.sh unit',
    './babelreel.sh jobs --root out=/mnt/films',
  ])
    expect(typed(command), command).toEqual([]);
});

test('a line gives its launcher calls without variables, comments, pipes and redirections', () => {
  expect(commandsIn('BABELREEL_LIMITS_CPUS=2 ./run-pipeline.sh -j 1 --json > out.json  # one')).toEqual([
    './run-pipeline.sh -j 1 --json',
  ]);
  expect(commandsIn('./prepare-job.sh --help && ./run-pipeline.sh --demo | tail -1')).toEqual([
    './prepare-job.sh --help',
    './run-pipeline.sh --demo',
  ]);
  expect(commandsIn('scripts/launch.sh, ../other.sh and ./scripts/launch.sh are no launchers')).toEqual([]);
});
