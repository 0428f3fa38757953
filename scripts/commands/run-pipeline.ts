import { join } from 'node:path';
import type { Invocation } from '../babelreel.ts';
import { newestDemo } from '../newest-demo.ts';
import { readCode } from '../read-code.ts';

/**
 * `./run-pipeline.sh`. A finished job is answered from a handful of small files; everything else loads the full command. Only the plain
 * forms take the short way: `-j ID` or `--demo`, with `--json` or `--quiet`.
 */
export async function run(invocation: Invocation): Promise<number> {
  const plain = readPlainForm(invocation);
  if (plain !== undefined) {
    const { settings, projectDir } = invocation;
    const { lookFinished } = await import('../../shared/runner/finished.ts');
    const { finished, manifest, warnings } = lookFinished({
      id: plain.id,
      roots: settings.roots,
      code: readCode(projectDir),
    });
    if (finished) {
      const { printFinished } = await import('../../shared/report/print-finished.ts');
      printFinished(
        {
          id: manifest.id,
          outDir: join(settings.roots.out, manifest.id),
          deliverables: manifest.deliverables,
          warnings,
        },
        plain,
      );
      return 0;
    }
    const { openState } = await import('../../shared/store/database.ts');
    const { refuseWhileHeld } = await import('../../shared/store/leases.ts');
    using state = openState(settings.roots.state);
    refuseWhileHeld(state, manifest.id);
  }
  const { runPipeline } = await import('../run-pipeline.ts');
  return runPipeline(invocation);
}

interface PlainForm {
  readonly id: string;
  readonly json: boolean;
  readonly quiet: boolean;
}

function readPlainForm({ args, settings }: Invocation): PlainForm | undefined {
  const rest = args.filter((arg) => arg !== '--json' && arg !== '--quiet' && arg !== '-q');
  const [flag, id] = rest[0] === '--demo' && rest.length === 1 ? ['-j', newestDemo(settings.roots.out)] : rest;
  if (rest.length > 2 || (flag !== '-j' && flag !== '--job') || id === undefined || id.startsWith('-'))
    return undefined;
  return { id, json: args.includes('--json'), quiet: args.includes('--quiet') || args.includes('-q') };
}
