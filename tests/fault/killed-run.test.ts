import { rmSync } from 'node:fs';
import { afterAll, expect, test } from 'vitest';
import { makeWorkspace } from '../helpers/workspace.ts';
import { killRuns } from './kill-runs.ts';
import { makeShortFilm } from './short-film.ts';

const workspace = makeWorkspace();
afterAll(() => rmSync(workspace.dir, { recursive: true, force: true }));

/** The long form, with as many kills as one likes: scripts/bench/killed-run.long.ts. */
test('a dub whose runner is killed at five random moments ends as if nobody had disturbed it', async () => {
  const film = await makeShortFilm(workspace, 24);
  const report = await killRuns({ workspace, film, kills: 5, seed: 20_261_124 });
  process.stdout.write(
    `kills at ${report.killedAtMs.map((ms) => ms.toFixed(0)).join(', ')} ms; ready again after ${report.readyAfterMs.join(', ')} ms\n`,
  );
  expect(report.faults).toEqual([]);
  expect(report.killedAtMs).toHaveLength(5);
  expect(Math.max(...report.readyAfterMs)).toBeLessThan(2_000);
});
