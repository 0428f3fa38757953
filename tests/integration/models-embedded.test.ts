import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ensureEnvironments } from '../../shared/environment/ensure.ts';
import { loadEnvironmentSpecs } from '../../shared/environment/specs.ts';
import { loadModels, modelOf } from '../../shared/models/load-models.ts';
import { locateModel } from '../../shared/models/locate-model.ts';
import { modelState } from '../../shared/models/model-state.ts';
import { verifyModel } from '../../shared/models/verify-model.ts';
import { openState } from '../../shared/store/database.ts';
import { openFileDigests } from '../../shared/store/file-digests.ts';
import { resolveSettings } from '../../shared/util/settings.ts';

const projectDir = resolve(import.meta.dirname, '../..');
const config = JSON.parse(readFileSync(join(projectDir, 'config/default.json'), 'utf8'));
const { roots } = resolveSettings(config, process.env, projectDir);
const places = { projectDir, roots };
const models = loadModels(join(projectDir, 'config'));
const environments = loadEnvironmentSpecs(join(projectDir, 'config'));

describe('the models inside the installed packages', () => {
  let scratch: string;

  beforeAll(async () => {
    scratch = mkdtempSync(join(tmpdir(), 'models-'));
    const wanted = new Set([...models.values()].map(({ source }) => source.environment));
    const outcomes = await ensureEnvironments([...wanted], { table: environments, places });
    expect(outcomes.filter(({ failure }) => failure !== undefined)).toEqual([]);
  });
  afterAll(() => rmSync(scratch, { recursive: true }));

  test('come from environments of this project, in the version its locks pin', () => {
    for (const { id, source } of models.values()) {
      const loaded = environments.get(source.environment);
      expect(loaded, id).toBeDefined();
      if (loaded?.spec.kind !== 'uv') continue;
      const lock = readFileSync(join(loaded.dir, Object.values(loaded.spec.locks)[0] ?? ''), 'utf8');
      expect(lock, id).toContain(`${source.name}==${source.version} `);
    }
  });

  test('are all there with the digests of the registry, and a second check reads no byte', async () => {
    using state = openState(join(scratch, 'state'));
    const digests = openFileDigests(state);
    for (const entry of models.values()) await verifyModel(entry, locateModel(entry, places), digests);
    const bytes = [...models.values()].flatMap(({ files }) => files).reduce((sum, file) => sum + file.bytes, 0);
    expect(digests.counts.hashedBytes).toBe(bytes);
    for (const entry of models.values()) await verifyModel(entry, locateModel(entry, places), digests);
    expect(digests.counts.hashedBytes).toBe(bytes);
  });

  test('that lack one weight are refused by its name', async () => {
    using state = openState(join(scratch, 'state'));
    const entry = modelOf(models, 'asr.moonshine.tiny-en');
    const dir = locateModel(entry, places);
    const copy = join(scratch, 'tokenizer-only');
    for (const { path } of entry.files.filter(({ kind }) => kind === 'tokenizer')) {
      mkdirSync(dirname(join(copy, path)), { recursive: true });
      copyFileSync(join(dir, path), join(copy, path));
    }
    expect(modelState(entry, copy).state).toBe('partial');
    await expect(verifyModel(entry, copy, openFileDigests(state))).rejects.toMatchObject({
      code: 'ERR_MODEL_MISSING',
      details: { why: expect.stringContaining('.ort (weights)') },
    });
  });
});
