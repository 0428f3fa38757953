import { copyFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { PackageSource } from '../../shared/contract/model.ts';
import { ensureEnvironments } from '../../shared/environment/ensure.ts';
import { loadEnvironmentSpecs } from '../../shared/environment/specs.ts';
import { auditStore } from '../../shared/models/audit/audit-store.ts';
import { lookAtModels } from '../../shared/models/audit/look-at-models.ts';
import { verifyModel } from '../../shared/models/audit/verify-model.ts';
import { locateModel } from '../../shared/models/layout/locate-model.ts';
import { type ListedModel, openRegistry } from '../../shared/models/registry/open-registry.ts';
import { openState } from '../../shared/store/database.ts';
import { openFileDigests } from '../../shared/store/file-digests.ts';
import { resolveSettings } from '../../shared/util/settings.ts';

const projectDir = resolve(import.meta.dirname, '../..');
const config = JSON.parse(readFileSync(join(projectDir, 'config/default.json'), 'utf8'));
const { roots } = resolveSettings(config, process.env, projectDir);
const places = { projectDir, roots };
const environments = loadEnvironmentSpecs(join(projectDir, 'config'));
// Not this user's own entries: what is tested is what the project ships.
const registry = openRegistry(join(projectDir, 'config'), join(projectDir, 'no-such-folder'));

interface Embedded {
  readonly model: ListedModel;
  readonly source: PackageSource;
}
const embedded = [...registry.models.values()].flatMap((model): readonly Embedded[] => {
  const { source } = model.entry;
  return source.type === 'package' ? [{ model, source }] : [];
});
const ids = embedded.map(({ model }) => model.entry.id);

describe('the models inside the installed packages', () => {
  let scratch: string;

  beforeAll(async () => {
    scratch = mkdtempSync(join(tmpdir(), 'models-'));
    const wanted = new Set(embedded.map(({ source }) => source.environment));
    const outcomes = await ensureEnvironments([...wanted], { table: environments, places });
    expect(outcomes.filter(({ failure }) => failure !== undefined)).toEqual([]);
  });
  afterAll(() => rmSync(scratch, { recursive: true }));

  test('come from environments of this project, in the version its locks pin', () => {
    expect(embedded.length).toBeGreaterThan(0);
    for (const { model, source } of embedded) {
      const loaded = environments.get(source.environment);
      expect(loaded, model.entry.id).toBeDefined();
      if (loaded?.spec.kind !== 'uv') continue;
      const lock = readFileSync(join(loaded.dir, Object.values(loaded.spec.locks)[0] ?? ''), 'utf8');
      expect(lock, model.entry.id).toContain(`${source.name}==${source.version} `);
    }
  });

  test('are all there with the digests of the registry, and a second check reads no byte', async () => {
    using state = openState(join(scratch, 'state'));
    const digests = openFileDigests(state);
    for (const id of ids) await verifyModel(id, { registry, places, digests });
    const files = embedded.flatMap(({ model }) => (model.files ?? []).map((file) => ({ model, file })));
    const paths = new Map(files.map(({ model, file }) => [inodeOf(join(locateModel(model, places), file.path)), file]));
    // Two models may share a file, which is read once.
    const bytes = [...paths.values()].reduce((sum, file) => sum + file.bytes, 0);
    expect(digests.counts.hashedBytes).toBe(bytes);
    for (const id of ids) await verifyModel(id, { registry, places, digests });
    const audit = await auditStore({ registry, places, digests, ids, deep: true });
    expect(audit.models.map(({ state: stands }) => stands)).toEqual(ids.map(() => 'complete'));
    expect([digests.counts.hashedBytes, audit.hashedBytes]).toEqual([bytes, 0]);
    expect(audit.store.additionalBytes).toBe(0);
  });

  test('that lack one weight are refused by its name, with the commands that make the environment anew', async () => {
    using state = openState(join(scratch, 'state'));
    const id = 'asr.moonshine.tiny-en';
    const model = registry.model(id);
    const dir = locateModel(model, places);
    const copied = join(scratch, 'environments');
    const there = { projectDir, roots: { ...roots, environments: copied } };
    cpSync(join(roots.environments, 'moonshine/lib'), join(copied, 'moonshine/lib'), {
      recursive: true,
      filter: (path) => statSync(path).isDirectory() && !path.includes('site-packages/'),
    });
    for (const { path } of (model.files ?? []).filter(({ kind }) => kind === 'tokenizer')) {
      const to = join(locateModel(model, there), path);
      mkdirSync(dirname(to), { recursive: true });
      copyFileSync(join(dir, path), to);
    }
    const digests = openFileDigests(state);
    const looks = await lookAtModels({ registry, places: there, digests, ids: [id] });
    expect(looks.get(id)).toMatchObject({ state: 'partial', why: expect.stringContaining('weights') });
    await expect(verifyModel(id, { registry, places: there, digests })).rejects.toMatchObject({
      code: 'ERR_MODEL_MISSING',
      details: {
        why: expect.stringMatching(/\.ort.* missing.*moonshine-voice 0\.1\.0/s),
        fix: [`rm -r ${join(copied, 'moonshine')}`, './run-pipeline.sh --demo'],
      },
    });
    expect(digests.counts.hashedBytes).toBe(0);
  });
});

function inodeOf(path: string): string {
  const { dev, ino } = statSync(path);
  return `${dev}:${ino}`;
}
