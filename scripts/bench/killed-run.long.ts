import { rmSync } from 'node:fs';
import { killRuns } from '../../tests/fault/kill-runs.ts';
import { makeShortFilm } from '../../tests/fault/short-film.ts';
import { makeWorkspace } from '../../tests/helpers/workspace.ts';

/** `node scripts/bench/killed-run.long.ts [KILLS [SEED]]`: the long form of tests/fault/killed-run.test.ts, 40 kills unless told. */
const [kills = '40', seed = '1'] = process.argv.slice(2);
const say = (line: string): void => void process.stdout.write(`${line}\n`);

const workspace = makeWorkspace();
const film = await makeShortFilm(workspace, 24);
const report = await killRuns({ workspace, film, kills: Number(kills), seed: Number(seed), say });

const middle = (values: readonly number[]): string => {
  const sorted = [...values].sort((a, b) => a - b);
  return `median ${(sorted[Math.floor(sorted.length / 2)] ?? 0).toFixed(0)} ms, most ${(sorted.at(-1) ?? 0).toFixed(0)} ms`;
};
say(`${report.killedAtMs.length} kills in ${report.rounds} rounds of ${(report.undisturbedMs / 1000).toFixed(1)} s`);
say(`everything gone after a kill: ${middle(report.goneAfterMs)}`);
say(`first event of the next run: ${middle(report.readyAfterMs)}`);
for (const [engine, { calls, allowed }] of Object.entries(report.repeated))
  say(`${engine}: ${calls} requests were sent again, ${allowed} allowed`);
say(report.faults.length === 0 ? 'no faults' : report.faults.join('\n'));
rmSync(workspace.dir, { recursive: true, force: true });
process.exitCode = report.faults.length === 0 ? 0 : 1;
