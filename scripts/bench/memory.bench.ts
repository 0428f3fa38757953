import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { OrchestratorReport } from '../../tests/fixtures/workers/orchestrate.ts';
import { makeRoleFilm, PERIOD_SECONDS } from '../../tests/fixtures/workers/role-film.ts';
import { prepareRoleJob } from '../../tests/fixtures/workers/role-job.ts';
import { PROJECT_DIR } from '../../tests/helpers/workspace.ts';

/** B15: what the orchestrator of a whole dub holds in memory, its workers and tools not counted. Engines are played, stages are real. */
async function dub(seconds: number): Promise<OrchestratorReport> {
  const dir = mkdtempSync(join(tmpdir(), 'bench-memory-'));
  try {
    const film = join(dir, 'film.mkv');
    await makeRoleFilm(film, seconds);
    await prepareRoleJob({ dir, film, id: 'film' });
    const report = JSON.parse(
      await run(join(PROJECT_DIR, 'tests/fixtures/workers/orchestrate.ts'), dir, 'film'),
    ) as OrchestratorReport;
    process.stdout.write(
      `  ${seconds / 60} min: peak ${report.peakMiB.toFixed(0)} MB resident, ${report.peakAnonymousMiB.toFixed(0)} MB without files; ${report.calls} engine calls in ${report.seconds.toFixed(0)} s (load ${loadavg()[0]?.toFixed(1)})\n`,
    );
    return report;
  } finally {
    rmSync(dir, { recursive: true });
  }
}

const run = (...args: readonly string[]): Promise<string> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    let stdout = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.on('error', reject);
    child.on('close', (code) => (code === 0 ? resolve(stdout) : reject(new Error(`it ended with ${code}`))));
  });

function expectWholeDub(report: OrchestratorReport, seconds: number): void {
  const lines = seconds / PERIOD_SECONDS;
  expect(report.figures.asr?.chunks).toBe(lines);
  expect(report.figures['subtitle.es']?.utterances).toBe(lines);
  expect(report.figures['mix.es']).toMatchObject({ clips: lines, durationMs: seconds * 1000 });
  // One call or more for each line and each of asr, align, translate and synthesize.
  expect(report.calls).toBeGreaterThanOrEqual(4 * lines);
}

test('the orchestrator stays under 250 MB on 10 minutes and grows by at most 32 MB to 2 hours', async () => {
  // Peaks depend on when garbage is collected. A long film has many chances to meet the worst moment, so the short one gets three.
  const short = [await dub(600), await dub(600), await dub(600)];
  for (const report of short) expectWholeDub(report, 600);
  const long = await dub(7200);
  expectWholeDub(long, 7200);
  const shortMiB = Math.max(...short.map(({ peakMiB }) => peakMiB));
  expect(shortMiB).toBeLessThanOrEqual(250);
  expect(long.peakMiB - shortMiB).toBeLessThanOrEqual(32);
});
