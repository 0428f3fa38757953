import { statSync } from 'node:fs';
import { Failure } from '../contract/failure.ts';
import { findProgram } from './find-program.ts';

interface Launch {
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

/**
 * The argv with an absolute program. Looked up here because a launcher in front would report a missing program as its own failure.
 * @throws Failure ERR_SYSTEM_PACKAGE
 */
export function resolveArgv({ argv, env }: Launch): readonly string[] {
  const [program, ...rest] = argv;
  if (program === undefined) throw new TypeError('argv is empty');
  if (argv.some((part) => part.includes('\0'))) throw new TypeError('argv holds a NUL character');
  const path = findProgram(program, env.PATH);
  if (path !== undefined) return [path, ...rest];
  throw new Failure('ERR_SYSTEM_PACKAGE', `The program ${program} is not installed.`, {
    why: program.startsWith('/') ? 'There is no executable file of that name.' : 'It is in no folder of PATH.',
    safe: 'Nothing was started.',
    fix: ['./run-pipeline.sh --demo'],
  });
}

/** Why the system did not start a program that exists. */
export function startFailure({ argv, cwd }: Launch): Error {
  if (statSync(cwd, { throwIfNoEntry: false })?.isDirectory() !== true) return new TypeError(`no such folder: ${cwd}`);
  return new Failure('ERR_MEMORY', `The system could not start ${argv[0]}.`, {
    why: 'Too many processes or open files, too little memory, or arguments that are too long.',
    safe: 'Nothing was started.',
  });
}
