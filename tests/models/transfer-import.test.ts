import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { pack } from 'tar-stream';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type HubClient, openHubClient } from '../helpers/hub-client.ts';
import { type Machine, writeFiles } from './transfer-material.ts';
import {
  ALL,
  COMMIT,
  CONFIG,
  exportFrom,
  importInto,
  makePair,
  type Pair,
  SMALL,
  short,
  stored,
} from './transfer-pair.ts';

let pair: Pair;
let here: Machine;
let there: Machine;
beforeEach(async () => {
  pair = await makePair();
  ({ here, there } = pair);
});
afterEach(() => pair[Symbol.dispose]());

describe('an archive', () => {
  const write = async (machine: Machine, fill: (archive: ReturnType<typeof pack>) => void): Promise<string> => {
    const path = join(machine.dir, 'made.tar');
    const archive = pack();
    fill(archive);
    archive.finalize();
    await writeFile(path, await buffer(archive as AsyncIterable<Buffer>));
    return path;
  };

  test('with ways out, links and devices is taken without them, each named', async () => {
    const from = await write(here, (archive) => {
      const content = String(SMALL['config.json']);
      archive.entry({ name: '../evil/asr.small/config.json' }, content);
      archive.entry({ name: '/tmp/absolute/asr.small/config.json' }, content);
      archive.entry({ name: 'asr.small\\config.json' }, content);
      archive.entry({ name: 'asr.small/link.json', type: 'symlink', linkname: '/etc/passwd' });
      archive.entry({ name: 'asr.small/hard.json', type: 'link', linkname: '/etc/passwd' });
      archive.entry({ name: 'asr.small/null', type: 'character-device' });
      archive.entry({ name: 'asr.small/deep/er/model.bin' }, Buffer.from(SMALL['deep/er/model.bin'] ?? ''));
    });
    const report = await importInto(there, from);
    expect(short(report)).toEqual([{ id: 'asr.small', imported: 1, already: 0, wrong: [], missing: ['config.json'] }]);
    expect(report.refused.map(({ name }) => name)).toEqual([
      '../evil/asr.small/config.json',
      '/tmp/absolute/asr.small/config.json',
      'asr.small\\config.json',
      'asr.small/link.json',
      'asr.small/hard.json',
      'asr.small/null',
    ]);
    expect(existsSync(join(there.dir, 'evil'))).toBe(false);
    expect(existsSync('/tmp/absolute')).toBe(false);
  });

  test('with one wrong byte gives the rest, and the wrong file by name', async () => {
    const tar = join(here.dir, 'models.tar');
    await exportFrom(here, 'tar', tar);
    const bytes = readFileSync(tar);
    bytes[bytes.indexOf('second half')] = 'S'.charCodeAt(0);
    writeFileSync(tar, bytes);
    const report = await importInto(there, tar);
    expect(report.models[1]).toMatchObject({
      id: 'asr.big',
      complete: false,
      wrong: [{ path: 'part-2.bin', from: 'asr.big/part-2.bin', why: expect.stringContaining('digest') }],
    });
    expect(Object.keys(stored(there)).filter((path) => path.includes('part-2'))).toEqual([]);
    expect(readdirSync(join(there.root, 'incoming'))).toEqual([]);
  });

  test('that ends too early, or is none, is refused and leaves no file', async () => {
    const tar = join(here.dir, 'models.tar');
    await exportFrom(here, 'tar', tar);
    truncateSync(tar, 1_000_000);
    for (const from of [tar, join(here.configDir, 'model-sets.json')])
      await expect(importInto(there, from)).rejects.toMatchObject({ code: 'ERR_USAGE' });
    await expect(importInto(there, join(here.dir, 'nothing'))).rejects.toMatchObject({ code: 'ERR_USAGE' });
    expect(readdirSync(join(there.root, 'incoming'))).toEqual([]);
  });

  test('of a hub cache made by somebody’s tar is taken by the names of its blobs', async () => {
    const from = await write(here, (archive) => {
      for (const path of Object.keys(SMALL)) {
        const { gitSha1, sha256 } =
          here
            .registry()
            .model('asr.small')
            .files?.find((one) => one.path === path) ?? {};
        const name = `models--org--asr.small/blobs/${gitSha1 ?? sha256}`;
        archive.entry({ name }, Buffer.from(SMALL[path] ?? ''));
        archive.entry({
          name: `models--org--asr.small/snapshots/${COMMIT}/${path}`,
          type: 'symlink',
          linkname: '../x',
        });
      }
    });
    expect(short(await importInto(there, from))).toEqual([ALL[0]]);
  });
});

describe('an import of a folder', () => {
  test('takes a hub cache, and the real client opens what was made of it', async () => {
    const report = await importInto(there, join(here.root, 'huggingface/hub'));
    expect(short(report)).toEqual([ALL[1], ALL[0]]);
    const client: HubClient = await openHubClient();
    const script = `
from huggingface_hub import snapshot_download
from transformers import AutoConfig
print(snapshot_download("org/asr.small", local_files_only=True), AutoConfig.from_pretrained("org/asr.small").hidden_size)`;
    const cache = join(there.root, 'huggingface/hub');
    const env = { HF_HUB_CACHE: cache, HF_HUB_OFFLINE: '1', HF_ENDPOINT: 'http://127.0.0.1:9', HOME: there.dir };
    expect(await client.run(script, env)).toBe(`${cache}/models--org--asr.small/snapshots/${COMMIT} 8\n`);
  });

  test('finds a model among other files, whatever its weights are called, and leaves alone what only looks like one', async () => {
    const folder = join(here.dir, 'downloads');
    writeFiles(folder, {
      'whisper/config.json': CONFIG,
      'whisper/renamed weights': SMALL['deep/er/model.bin'] ?? '',
      'other/index.json': '{"of":"bug"}',
      'photo.jpg': 'picture',
    });
    const report = await importInto(there, folder);
    expect(short(report)).toEqual([ALL[0]]);
    expect(report.unknown).toEqual(['other/index.json', 'photo.jpg']);
  });

  test('names a truncated file and one with a wrong byte, and takes neither', async () => {
    const disk = join(here.dir, 'disk');
    await exportFrom(here, 'flat', disk);
    for (const path of ['asr.big/part-1.bin', 'asr.small/config.json']) chmodSync(join(disk, path), 0o644);
    truncateSync(join(disk, 'asr.big/part-1.bin'), 4);
    writeFileSync(join(disk, 'asr.small/config.json'), CONFIG.replace('8', '9'));
    rmSync(join(disk, 'asr.big/index.json'));
    expect(short(await importInto(there, disk)).slice(0, 2)).toEqual([
      { id: 'asr.small', imported: 1, already: 0, wrong: ['config.json'], missing: [] },
      { id: 'asr.big', imported: 1, already: 0, wrong: ['part-1.bin'], missing: ['index.json'] },
    ]);
  });

  test('answers for every model asked for with what it requires', async () => {
    const folder = join(here.dir, 'empty');
    mkdirSync(folder);
    const report = await importInto(there, folder, { ids: ['asr.big'] });
    expect(report.models.map(({ id, missing }) => [id, missing.length])).toEqual([
      ['asr.small', 2],
      ['asr.big', 3],
    ]);
  });

  test('that is stopped keeps nothing half-written', async () => {
    const stop = new AbortController();
    const onProgress = (): void => stop.abort();
    await expect(
      importInto(there, join(here.root, 'huggingface/hub'), { signal: stop.signal, onProgress }),
    ).rejects.toMatchObject({ code: 'ERR_CANCELLED' });
    expect(Object.keys(stored(there)).filter((path) => path.includes('model.bin'))).toEqual([]);
    expect(readdirSync(join(there.root, 'incoming'))).toEqual([]);
  });
});
