import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Failure } from '../../shared/contract/failure.ts';
import { escapeText } from '../../shared/report/escape-text.ts';
import { formatEvent } from '../../shared/report/format-event.ts';
import { readEvents } from '../../shared/runner/inspect-job.ts';
import { readManifest } from '../../shared/runner/read-manifest.ts';
import { didYouMean } from '../../shared/util/nearest.ts';
import type { Invocation } from '../babelreel.ts';
import { parseCommandLine } from '../parse-command-line.ts';

/** `./babelreel.sh logs ID`: the events, or what one engine printed. */
export async function run({ args, settings }: Invocation): Promise<number> {
  const flags = await parseCommandLine('logs', args);
  if (flags === undefined) return 0;
  const { id } = readManifest(settings.roots.out, flags.positional ?? '');
  if (flags.engine !== undefined) {
    const lines = readLog(join(settings.roots.out, id, 'logs'), flags.engine).split('\n');
    process.stdout.write(`${lines.map(escapeText).join('\n')}\n`);
    return 0;
  }
  const since = flags.since ?? 0;
  for (const event of readEvents(settings.roots.out, id)) {
    if (event.seq > since) process.stdout.write(`${flags.json ? JSON.stringify(event) : formatEvent(event)}\n`);
  }
  return 0;
}

function readLog(dir: string, engine: string): string {
  const name = `${engine.replace('/', '-')}.log`;
  let names: readonly string[] = [];
  try {
    names = readdirSync(dir);
  } catch {
    // The job has not run yet; it has no logs.
  }
  if (names.includes(name)) return readFileSync(join(dir, name), 'utf8').trimEnd();
  const known = names.map((file) => file.replace(/\.log$/, '').replace('-', '/'));
  throw new Failure('ERR_USAGE', `There is no log of ${JSON.stringify(engine)}.${didYouMean(engine, known)}`, {
    why: known.length === 0 ? 'No engine has run for this job yet.' : `Logs: ${known.join(', ')}.`,
    fix: ['./babelreel.sh logs --help'],
  });
}
