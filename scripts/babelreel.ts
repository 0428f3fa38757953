import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { resolveSettings, type Settings } from '../shared/util/settings.ts';

/**
 * Finds the command and runs it; start.mjs comes before. It loads nothing heavy: each command is imported when it is asked for, and what a
 * finished job or a `status` needs is a handful of small files.
 */
export interface Invocation {
  readonly args: readonly string[];
  readonly settings: Settings;
  readonly projectDir: string;
}

const projectDir = dirname(dirname(fileURLToPath(import.meta.url)));

/** command -> its module; `light` modules must not import yargs, zod or SQLite (tests/e2e/demo.test.ts). */
const commands: Readonly<Record<string, () => Promise<{ run(invocation: Invocation): Promise<number> }>>> = {
  'prepare-job': () => import('./commands/prepare-job.ts'),
  'run-pipeline': () => import('./commands/run-pipeline.ts'),
  explain: () => import('./commands/explain.ts'),
  status: () => import('./commands/status.ts'),
  logs: () => import('./commands/logs.ts'),
  jobs: () => import('./commands/jobs.ts'),
  engines: () => import('./commands/engines.ts'),
  'cache-models': () => import('./commands/cache-models.ts'),
  models: () => import('./commands/models.ts'),
  'prove-offline': () => import('./commands/prove-offline.ts'),
  help: () => import('./commands/help.ts'),
};

// `… | head` closes the pipe early; that is the reader's right and no error of ours.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
}

async function main(): Promise<number> {
  const given = process.argv.slice(2);
  const roots = given.some((arg) => arg.startsWith('--root'))
    ? (await import('./take-roots.ts')).takeRoots(given)
    : { args: given, env: {} };
  const settings = resolveSettings(
    JSON.parse(readFileSync(join(projectDir, 'config/default.json'), 'utf8')) as Record<string, unknown>,
    { ...process.env, ...roots.env },
    projectDir,
  );
  const [name = 'help', ...args] = roots.args;
  if (name === '--version' || name === '-v' || args.includes('--version')) {
    const { version } = JSON.parse(readFileSync(join(projectDir, 'package.json'), 'utf8')) as { version: string };
    process.stdout.write(`${version}\n`);
    return 0;
  }
  const load = commands[name] ?? (await import('./commands/help.ts')).unknownCommand(name, Object.keys(commands));
  const command = await load();
  return command.run({ args, settings, projectDir });
}

try {
  process.exitCode = await main();
} catch (error) {
  const { reportFailure } = await import('../shared/report/report-failure.ts');
  // A stop by SIGTERM has said 143 already.
  const said = typeof process.exitCode === 'number' ? process.exitCode : undefined;
  const code = reportFailure(error, { json: process.argv.includes('--json'), projectDir, exitCode: said });
  process.exitCode = said ?? code;
}
