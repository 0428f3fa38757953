import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { HardwareCache } from '../contract/environment.ts';
import { detectHardware } from './hardware.ts';
import { writeHardwareCache } from './hardware-cache.ts';
import { loadEnvironmentSpecs } from './specs.ts';

test('the hardware cache says what the machine has, how environments stand and who needs them', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'hardware-'));
  const path = join(dir, 'config', 'hardware_cache.json');
  const projectDir = resolve(import.meta.dirname, '../..');
  await writeHardwareCache(path, {
    hardware: await detectHardware(),
    table: loadEnvironmentSpecs(join(projectDir, 'config')),
    projectDir,
    roots: { environments: join(dir, 'environments'), packages: dir, models: [join(dir, 'models')] },
    stages: { asr: ['moonshine', 'pocketsphinx-system'], vad: ['node'] },
    workflows: { transcribe: ['node', 'moonshine'] },
  });
  const cache = HardwareCache.parse(JSON.parse(readFileSync(path, 'utf8')));
  expect(cache.hardware.cpus).toBeGreaterThan(0);
  expect(cache.hardware.ramMiB).toBeGreaterThan(100);
  expect(cache.environments.moonshine).toMatchObject({ state: 'missing', stages: ['asr'], kind: 'uv' });
  expect(cache.environments.moonshine?.identity).toMatch(/^sha256:/);
  expect(cache.environments.node?.stages).toEqual(['vad']);
  expect(cache.cache.hf_home).toBe(join(dir, 'models', 'huggingface'));
  rmSync(dir, { recursive: true });
});
