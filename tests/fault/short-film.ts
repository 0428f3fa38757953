import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeMedia } from '../helpers/media-files.ts';
import { PROJECT_DIR, type Workspace } from '../helpers/workspace.ts';

/** The reading that ships inside the recogniser's package. */
function recording(): string {
  const lib = join(PROJECT_DIR, '.cache/environments/moonshine/lib');
  const [python = ''] = readdirSync(lib).filter((name) => name.startsWith('python3'));
  return join(lib, python, 'site-packages/moonshine_voice/assets/two_cities.wav');
}

/** The first seconds of the reading under a small moving picture. Returns its path. */
export async function makeShortFilm(workspace: Workspace, seconds: number): Promise<string> {
  const path = join(workspace.dir, 'short.mp4');
  await makeMedia(
    ...[
      '-f',
      'lavfi',
      '-i',
      `testsrc2=size=160x90:rate=10:duration=${seconds}`,
      '-t',
      String(seconds),
      '-i',
      recording(),
    ],
    ...['-c:v', 'libx264', '-preset', 'ultrafast', '-c:a', 'aac', path],
  );
  return path;
}

/** Prepares the job these tests kill: two targets, one of them dubbed, so that every embedded engine of the default set works. */
export const prepareDub = (workspace: Workspace, film: string): Promise<string> =>
  workspace.prepare('--media', film, '--workflow', 'dub', '-s', 'en', '-t', 'pt-BR,es', '--dub-into', 'pt-BR');

/** Name -> sha256 of what was delivered, subtitles, sound and films. */
export function deliverables(workspace: Workspace, job: string): Readonly<Record<string, string>> {
  const dir = join(workspace.dir, 'out', job);
  return Object.fromEntries(
    readdirSync(dir)
      .filter((name) => name.startsWith('short.'))
      .sort()
      .map((name) => [
        name,
        createHash('sha256')
          .update(readFileSync(join(dir, name)))
          .digest('hex'),
      ]),
  );
}
