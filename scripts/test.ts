import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureEnvironments } from '../shared/environment/ensure.ts';
import { loadEnvironmentSpecs } from '../shared/environment/specs.ts';
import { resolveSettings } from '../shared/util/settings.ts';
import { openMachine } from './open-machine.ts';

/**
 * `./test.sh [--full] [PROJECT…]`: formatting, types, checks, then the tests. Without a name all projects run. Environments of engines and
 * of tests are made first; a second run finds them. `--full` adds the long forms.
 */
const projectDir = dirname(dirname(fileURLToPath(import.meta.url)));
const PROJECTS = ['unit', 'integration', 'fault', 'models', 'engines'];
const full = process.argv.includes('--full');
const asked = process.argv.slice(2).filter((name) => name !== '--full');
if (asked.includes('--help') || asked.some((name) => !PROJECTS.includes(name))) {
  process.stdout.write(
    `Usage: ./test.sh [--full] [PROJECT…]\nProjects: ${PROJECTS.join(', ')}. Without one: all checks and all projects. --full: the long forms, too.\n`,
  );
  process.exit(asked.includes('--help') ? 0 : 2);
}

// Everything the tests leave behind goes with this folder. Open to all, like the system's: some tests run as another user.
const temporary = mkdtempSync(join(tmpdir(), 'babelreel-test-'));
chmodSync(temporary, 0o1777);
process.on('exit', () => rmSync(temporary, { recursive: true, force: true }));
// The pinned Node first, so that everything that starts `node` gets this one.
const env = {
  ...process.env,
  TMPDIR: temporary,
  PATH: `${dirname(process.execPath)}:${process.env.PATH ?? ''}`,
  ...(full && { BABELREEL_TEST_FULL: '1' }),
};
const took: string[] = [];

function step(name: string, program: string, args: readonly string[]): void {
  process.stdout.write(`\n== ${name}\n`);
  const started = performance.now();
  const { status, error } = spawnSync(program, args, { cwd: projectDir, env, stdio: 'inherit' });
  took.push(`${name} ${((performance.now() - started) / 1000).toFixed(1)} s`);
  if (error !== undefined) throw error;
  if (status !== 0) {
    process.stdout.write(`\n${name} failed (${took.join(', ')})\n`);
    process.exit(status ?? 1);
  }
}

const bin = (name: string): string => join(projectDir, 'node_modules/.bin', name);
if (asked.length === 0) {
  step('formatting and lint', bin('biome'), ['check', '--error-on-warnings', '.']);
  step('types', bin('tsc'), []);
  step('checks', process.execPath, [join(projectDir, 'scripts/checks/all.ts')]);
}
process.stdout.write('\n== environments\n');
const config = JSON.parse(readFileSync(join(projectDir, 'config/default.json'), 'utf8')) as Record<string, unknown>;
const settings = resolveSettings(config, process.env, projectDir);
const onMessage = (text: string): void => void process.stdout.write(`${text}\n`);
const machine = await openMachine(settings, projectDir);
await machine.ensure([...machine.environments.keys()], onMessage);
const table = loadEnvironmentSpecs(join(projectDir, 'tests'));
const ready = await ensureEnvironments([...table.keys()], {
  table,
  places: { projectDir, roots: settings.roots },
  onMessage,
});
for (const { failure } of ready) if (failure !== undefined) throw failure;
process.stdout.write(`before the tests: ${took.join(', ')}\n`);
// The last step: its closing line, "N passed, N failed, N skipped", is the last line of all.
const projects = (asked.length === 0 ? PROJECTS : asked).flatMap((name) => ['--project', name]);
step('tests', process.execPath, [bin('vitest'), 'run', '--configLoader', 'native', ...projects]);
