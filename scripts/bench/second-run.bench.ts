import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { makeWorkspace, PROJECT_DIR } from '../../tests/helpers/workspace.ts';

/** B: the second run of the finished demo through the launcher, paired with `node -e 0` of the same Node. */
test('a finished job is answered within 2.5 starts of an empty Node', async () => {
  const workspace = makeWorkspace();
  const first = await workspace.run('run-pipeline', '--demo');
  expect(first.code).toBe(0);
  const time = (program: string, args: readonly string[]): number => {
    const started = performance.now();
    const { status } = spawnSync(program, args, { env: workspace.env, stdio: 'ignore' });
    expect(status).toBe(0);
    return performance.now() - started;
  };
  const ours = () => time(join(PROJECT_DIR, 'run-pipeline.sh'), ['-j', 'demo']);
  const empty = () => time(process.execPath, ['-e', '0']);
  ours();
  empty();
  const pairs = Array.from({ length: 15 }, () => ({ ours: ours(), empty: empty() }));
  const ratios = pairs.map((pair) => pair.ours / pair.empty).sort((a, b) => a - b);
  const median = ratios[7] ?? Number.NaN;
  const middle = (values: readonly number[]) => [...values].sort((a, b) => a - b)[7]?.toFixed(0);
  process.stdout.write(
    `  finished job ${middle(pairs.map((pair) => pair.ours))} ms, node -e 0 ${middle(pairs.map((pair) => pair.empty))} ms, median ratio ${median.toFixed(2)} (${ratios[0]?.toFixed(2)}–${ratios.at(-1)?.toFixed(2)})\n`,
  );
  expect(median).toBeLessThanOrEqual(2.5);
});
