import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { OfflinePolicy } from '../../shared/contract/offline.ts';
import type { ReportData } from '../../shared/contract/report.ts';
import { makeWorkspace } from '../../tests/helpers/workspace.ts';

/** What it costs to be kept from the network: the dub of the demo film with `--offline guard` beside the same with `off`, in turn. */
const ROUNDS = Number(process.env.BABELREEL_BENCH_ROUNDS ?? 7);
const workspace = makeWorkspace();
afterAll(() => rmSync(workspace.dir, { recursive: true, force: true }));

async function runOnce(policy: OfflinePolicy): Promise<{ readonly ms: number; readonly report: ReportData }> {
  workspace.forget();
  const film = join(workspace.dir, 'in', 'demo.mp4');
  const args = ['--workflow', 'dub', '-s', 'en', '-t', 'pt-BR,es', '--dub-into', 'pt-BR', '--offline', policy];
  const job = await workspace.prepare('--media', film, ...args);
  const run = await workspace.run('run-pipeline', '-j', job, '--quiet');
  if (run.code !== 0) throw new Error(run.stderr);
  return { ms: run.ms, report: JSON.parse(readFileSync(workspace.out(job, 'report.json'), 'utf8')) as ReportData };
}

test('the guard costs at most 1 % of a dub', async () => {
  expect((await workspace.run('run-pipeline', '--demo', '--quiet')).code).toBe(0);
  const rounds: { readonly guard: number; readonly off: number }[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const order: readonly ('guard' | 'off')[] = round % 2 === 0 ? ['guard', 'off'] : ['off', 'guard'];
    const took = { guard: 0, off: 0 };
    for (const policy of order) {
      const { ms, report } = await runOnce(policy);
      expect(report.offline).toMatch(policy === 'off' ? /^off/ : /^guarded: The kernel cut/);
      took[policy] = ms;
    }
    rounds.push(took);
  }
  // The quickest of each: what else the machine did can only have made a run slower.
  const [guard, off] = (['guard', 'off'] as const).map((policy) => Math.min(...rounds.map((took) => took[policy])));
  const ratio = (guard ?? Number.NaN) / (off ?? Number.NaN);
  const list = rounds.map((took) => `${(took.guard / 1000).toFixed(2)}/${(took.off / 1000).toFixed(2)}`).join(' ');
  process.stdout.write(`  guard/off in seconds: ${list}; quickest ${ratio.toFixed(3)}\n`);
  expect(ratio).toBeLessThanOrEqual(1.01);
});
