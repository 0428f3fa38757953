import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { ReportData } from '../../shared/contract/report.ts';
import { makeMedia } from '../../tests/helpers/media-files.ts';
import { makeWorkspace } from '../../tests/helpers/workspace.ts';
import { writeTalk } from './talk.ts';

/**
 * B: a talk of 10 minutes whose chunks are all different, subtitled and dubbed by the embedded engines, with everything set up.
 * Ratio = seconds of the run ÷ seconds of the talk.
 */
const SECONDS = 600;
const workspace = makeWorkspace();
const talk = join(workspace.dir, 'talk.mp4');

async function ratioOf(args: readonly string[]): Promise<{ ratio: number; report: ReportData }> {
  const id = await workspace.prepare('--media', talk, '-s', 'en', ...args);
  const run = await workspace.run('run-pipeline', '-j', id);
  if (run.code !== 0) throw new Error(run.stderr);
  const report = JSON.parse(readFileSync(workspace.out(id, 'report.json'), 'utf8')) as ReportData;
  for (const stage of report.stages)
    process.stdout.write(`  ${stage.id.padEnd(18)} ${(stage.seconds ?? 0).toFixed(1)} s\n`);
  const asr = report.stages.find(({ id: stage }) => stage === 'asr');
  const calls = report.engines.find(({ id: engine }) => engine === 'asr/moonshine')?.calls;
  expect(calls).toBe((asr?.figures.chunks ?? 0) + (asr?.figures.chunksWithoutText ?? 0));
  process.stdout.write(
    `  ${args.join(' ')}: ${(run.ms / 1000).toFixed(1)} s, ${calls} chunks, ratio ${(run.ms / 1000 / SECONDS).toFixed(3)}\n`,
  );
  return { ratio: run.ms / 1000 / SECONDS, report };
}

test('a 10 minute talk is subtitled in 0.10 of its length and dubbed in 0.14', async () => {
  writeTalk(join(workspace.dir, 'talk.wav'), SECONDS);
  await makeMedia(
    '-f',
    'lavfi',
    '-i',
    `testsrc2=size=320x180:rate=10:duration=${SECONDS}`,
    '-i',
    join(workspace.dir, 'talk.wav'),
    '-c:v',
    'libx264',
    '-preset',
    'ultrafast',
    '-c:a',
    'aac',
    '-shortest',
    talk,
  );
  const subtitled = await ratioOf(['--workflow', 'subtitle', '-t', 'es']);
  // Another store, so that the dub finds nothing of the first run.
  workspace.forget();
  const dubbed = await ratioOf(['--workflow', 'dub', '-t', 'pt-BR']);
  expect(subtitled.ratio).toBeLessThanOrEqual(0.1);
  expect(dubbed.ratio).toBeLessThanOrEqual(0.14);
});

test('the demo takes at most 15 s when everything is set up', async () => {
  const demo = makeWorkspace();
  // The film is made once, at set-up; the run is what is timed.
  expect((await demo.run('run-pipeline', '--demo')).code).toBe(0);
  demo.forget();
  const run = await demo.run('run-pipeline', '--demo');
  process.stdout.write(`  demo: ${(run.ms / 1000).toFixed(1)} s\n`);
  expect(run.code).toBe(0);
  expect(run.ms).toBeLessThanOrEqual(15_000);
});
