import { Failure } from '../../shared/contract/failure.ts';
import { renderTable } from '../../shared/report/render-table.ts';
import { didYouMean } from '../../shared/util/nearest.ts';
import type { Invocation } from '../babelreel.ts';
import { type CommandLine, usageOf } from '../command-line.ts';
import { MODEL_COMMAND_LINES } from '../models/command-lines.ts';

/** Subcommand -> its module; each is loaded when it is asked for. */
const subcommands: Readonly<Record<string, () => Promise<{ run(invocation: Invocation): Promise<number> }>>> = {
  list: () => import('../models/list.ts'),
  show: () => import('../models/show.ts'),
  audit: () => import('../models/audit.ts'),
  verify: () => import('../models/verify.ts'),
  lock: () => import('../models/lock.ts'),
  import: () => import('../models/import.ts'),
  export: () => import('../models/export.ts'),
  serve: () => import('../models/serve.ts'),
  adopt: () => import('../models/adopt.ts'),
  gc: () => import('../models/gc.ts'),
  add: () => import('../models/add.ts'),
};

/** `./babelreel.sh models COMMAND`; alone and with `--help` the list of commands. @throws Failure ERR_USAGE with a suggestion */
export async function run(invocation: Invocation): Promise<number> {
  const [name, ...args] = invocation.args;
  if (name === undefined || name === '--help' || name === '-h') {
    process.stdout.write(help());
    return 0;
  }
  const load = Object.hasOwn(subcommands, name) ? subcommands[name] : undefined;
  if (load !== undefined) return await (await load()).run({ ...invocation, args });
  const known = Object.keys(subcommands);
  const what = name.startsWith('-') ? `models has no flag ${name}` : `There is no command models ${name}`;
  throw new Failure('ERR_USAGE', `${what}.${didYouMean(name, known)}`, {
    why: `Commands: ${known.join(', ')}.`,
    fix: ['./babelreel.sh models --help'],
  });
}

function help(): string {
  const { models, ...rest } = MODEL_COMMAND_LINES;
  const lines: readonly CommandLine[] = Object.values(rest);
  const rows = lines.map((line) => [usageOf(line), line.purpose]);
  return `${models.purpose}\n\nCommands (each has --help):\n${renderTable(rows, { indent: '  ' }).join('\n')}\n\nModels are fetched by ./cache-models.sh, or by a run that needs them.\n`;
}
