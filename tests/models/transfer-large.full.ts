import { closeSync, ftruncateSync, openSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { publishFile } from '../../shared/models/layout/publish-file.ts';
import { exportModels } from '../../shared/models/transfer/export-models.ts';
import { importModels } from '../../shared/models/transfer/import-models.ts';
import { runProcess } from '../../shared/process/run-process.ts';
import { hashFile } from '../../shared/store/hash-file.ts';
import { hubEntry, type Machine, makeMachine, REVISION } from './transfer-material.ts';

/** One more than the size field of a tar header holds in octal digits. */
const BYTES = 8 ** 11;

describe('an archive with a file of 8 GiB', () => {
  let here: Machine;
  let there: Machine;
  beforeAll(async () => {
    here = makeMachine();
    there = makeMachine();
    const from = join(here.dir, 'sparse');
    const descriptor = openSync(from, 'w');
    ftruncateSync(descriptor, BYTES);
    closeSync(descriptor);
    const { digest } = await hashFile(from);
    const entry = hubEntry('asr.large', { 'a.json': '{}', 'model.bin': 'x' });
    const [small, large] = entry.files;
    if (small === undefined || large === undefined) throw new TypeError('no files');
    const files = [{ ...large, bytes: BYTES, sha256: digest.slice('sha256:'.length) }, small];
    for (const machine of [here, there]) machine.list({ ...entry, files });
    await here.store('asr.large', { 'a.json': '{}', 'model.bin': 'x' });
    const model = here.registry().model('asr.large');
    const file = model.files?.[0];
    if (file === undefined) throw new TypeError('unlocked');
    await publishFile({ root: here.root, model, file, from, how: 'move' });
  }, 300_000);
  afterAll(() => {
    here[Symbol.dispose]();
    there[Symbol.dispose]();
  });

  test('is read by tar and by us', { timeout: 600_000 }, async () => {
    const to = join(here.dir, 'large.tar');
    await exportModels(['asr.large'], { ...here, registry: here.registry(), form: 'tar', to });
    const { stdout } = await runProcess({ argv: ['tar', '-tvf', to], cwd: '/', env: { PATH: '/usr/bin:/bin' } });
    expect(stdout).toMatch(new RegExp(`\\b${BYTES}\\b.* asr\\.large/model\\.bin\\n.*asr\\.large/a\\.json`));
    const report = await importModels({ ...there, registry: there.registry(), from: to });
    expect(report.models).toMatchObject([{ id: 'asr.large', complete: true, wrong: [], missing: [] }]);
    const path = `huggingface/hub/models--org--asr.large/snapshots/${REVISION}1/model.bin`;
    expect(statSync(join(there.root, path)).size).toBe(BYTES);
    rmSync(to);
  });
});
