import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { smallManifest } from '../../tests/helpers/small-manifest.ts';
import { readManifest } from '../runner/read-manifest.ts';
import { type ManifestBody, writeManifest } from './write-manifest.ts';

let outDir: string;
beforeEach(() => {
  outDir = join(mkdtempSync(join(tmpdir(), 'manifest-')), 'out');
});
afterEach(() => rmSync(join(outDir, '..'), { recursive: true, force: true }));

const body: ManifestBody = (({ id: _id, selfDigest: _digest, ...rest }) => rest)(
  smallManifest([{ id: 'vad' }], { createdAt: '2026-12-01T10:00:00.000Z' }),
);
const write = (name: string, id?: string) => writeManifest(body, { outDir, name, id });

describe('writing a manifest', () => {
  it('names the job by day, film and number, and what is read back is what was written', async () => {
    const manifest = await write('My Film (2024)');
    expect(manifest.id).toBe('20261201-my-film-2024-001');
    expect(readManifest(outDir, manifest.id)).toEqual(manifest);
    expect(readdirSync(join(outDir, manifest.id))).toEqual(['job.json']);
  });

  it('never takes a number twice, however many ask at once', async () => {
    const made = await Promise.all(Array.from({ length: 12 }, () => write('film')));
    expect(new Set(made.map(({ id }) => id)).size).toBe(12);
    expect(readdirSync(outDir)).toHaveLength(12);
    for (const { id } of made) expect(readManifest(outDir, id).id).toBe(id);
  });

  it('leaves what is there alone, also a file or a folder that is no job', async () => {
    mkdirSync(join(outDir, '20261201-film-001'), { recursive: true });
    writeFileSync(join(outDir, '20261201-film-002'), 'mine');
    expect((await write('film')).id).toBe('20261201-film-003');
    expect(readFileSync(join(outDir, '20261201-film-002'), 'utf8')).toBe('mine');
  });

  it('takes an id that was asked for, and counts on when it is taken', async () => {
    expect((await write('film', 'demo')).id).toBe('demo');
    expect((await write('film', 'demo')).id).toBe('demo-2');
    expect((await write('film', 'demo')).id).toBe('demo-3');
  });

  it('gives a film without a Latin letter a name all the same', async () => {
    expect((await write('हिन्दी फ़िल्म')).id).toBe('20261201-film-001');
  });

  it('into a folder that cannot be made is refused, and says so', async () => {
    writeFileSync(join(outDir, '..', 'file'), '');
    const below = join(outDir, '..', 'file', 'out');
    await expect(writeManifest(body, { outDir: below, name: 'film' })).rejects.toMatchObject({
      code: 'ERR_NOT_WRITABLE',
      exitCode: 9,
      message: expect.stringContaining(below),
    });
  });

  it('that does not have the shape of a manifest is a bug and leaves nothing', async () => {
    await expect(
      writeManifest({ ...body, media: { ...body.media, bytes: -1 } }, { outDir, name: 'film' }),
    ).rejects.toThrow();
    expect(existsSync(outDir) ? readdirSync(outDir) : []).toEqual([]);
  });
});
