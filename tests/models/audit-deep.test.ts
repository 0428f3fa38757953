import { randomBytes } from 'node:crypto';
import { readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { AuditProgress } from '../../shared/models/audit/audit-options.ts';
import { auditStore } from '../../shared/models/audit/audit-store.ts';
import { lookAtModels } from '../../shared/models/audit/look-at-models.ts';
import { verifyModel } from '../../shared/models/audit/verify-model.ts';
import { openFileDigests } from '../../shared/store/file-digests.ts';
import { hub, json, type Material, makeMaterial } from './audit-material.ts';

const MB = 1_000_000;
/** Large enough for threads of their own, and small ones beside them. */
const large = Object.fromEntries([1, 2, 3].map((n) => [`weights-${n}.bin`, randomBytes(12 * MB)]));
const ALL_BYTES = 36 * MB + json({ a: 1 }).length + 700;

describe('a deep audit', () => {
  let material: Material;

  beforeEach(() => {
    // Files that were written just now are not remembered; for this clock they are old.
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 60_000 });
    material = makeMaterial([
      { id: 'asr.large', source: hub('lab/large'), files: { ...large, 'config.json': json({ a: 1 }) } },
      { id: 'vad.small', source: hub('lab/small'), files: { 'small.bin': randomBytes(700) } },
    ]);
    material.store('asr.large');
    material.store('vad.small');
  });
  afterEach(() => {
    material[Symbol.dispose]();
    vi.useRealTimers();
  });

  test('reads every byte once; a second one reads none, nor does verifying before a run', async () => {
    const first = await auditStore({ ...material.options, deep: true });
    expect(first.hashedBytes).toBe(ALL_BYTES);
    expect(first.models.map(({ state }) => state)).toEqual(['complete', 'complete']);
    expect(first.stored).toEqual({ complete: 2, of: 2 });
    const digests = openFileDigests(material.state);
    const second = await auditStore({ ...material.options, digests, deep: true });
    expect(second.models.map(({ state }) => state)).toEqual(['complete', 'complete']);
    await verifyModel('asr.large', { ...material.options, digests });
    expect([second.hashedBytes, digests.counts.hashedBytes]).toEqual([0, 0]);
    // A quick one knows it too.
    expect((await lookAtModels({ ...material.options, digests })).get('asr.large')?.state).toBe('complete');
  });

  test('that is stopped midway keeps what it hashed and goes on from there', async () => {
    const stop = new AbortController();
    const seen: AuditProgress[] = [];
    const reason = new Error('stopped');
    const audit = auditStore({
      ...material.options,
      deep: true,
      signal: stop.signal,
      onProgress(progress) {
        seen.push(progress);
        if (progress.doneBytes >= 12 * MB) stop.abort(reason);
      },
    });
    await expect(audit).rejects.toBe(reason);
    expect(seen[0]?.totalBytes).toBe(ALL_BYTES);
    const again = await auditStore({ ...material.options, deep: true });
    expect(again.hashedBytes).toBeLessThanOrEqual(ALL_BYTES - 12 * MB);
    expect(again.stored.complete).toBe(2);
  });

  test('finds one changed bit in a large file that a quick one cannot see, and finds it again without reading', async () => {
    const path = realpathSync(material.path('asr.large', 'weights-2.bin'));
    const bytes = readFileSync(path);
    bytes[7 * MB] = (bytes[7 * MB] ?? 0) ^ 4;
    writeFileSync(path, bytes);
    expect((await lookAtModels(material.options)).get('asr.large')?.state).toBe('complete-unverified');
    const deep = await auditStore({ ...material.options, deep: true });
    expect(deep.models[0]).toMatchObject({ state: 'corrupt', why: 'weights (weights-2.bin) damaged' });
    expect((await lookAtModels(material.options)).get('asr.large')?.state).toBe('corrupt');
    await expect(verifyModel('asr.large', material.options)).rejects.toMatchObject({ code: 'ERR_MODEL_CORRUPT' });
  });

  test('works without a memory of digests, and says complete for what it hashed itself', async () => {
    const audit = await auditStore({ ...material.options, digests: undefined, deep: true, ids: ['vad.small'] });
    expect(audit).toMatchObject({ hashedBytes: 700, models: [{ id: 'vad.small', state: 'complete' }] });
  });
});
