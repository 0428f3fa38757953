import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { findEngines } from './registry.ts';

let stages = '';
beforeEach(() => {
  stages = mkdtempSync(join(tmpdir(), 'babelreel-registry-'));
});
afterEach(() => rmSync(stages, { recursive: true }));

const good = (role: string, name: string): string =>
  `export const engine = { role: '${role}', name: '${name}', worker: 'worker.py', batch: 1, params: {}, models: () => [], resources: {} };`;

function put(stage: string, folder: string, source: string, worker = 'worker.py'): string {
  const dir = join(stages, stage, 'engines', folder);
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, 'engine.ts'), source);
  writeFileSync(join(dir, worker), '');
  return dir;
}

describe('findEngines', () => {
  test('an engine is a folder: it is found by looking, under role/name', async () => {
    const dir = put('asr', 'quick', good('asr', 'quick'));
    put('translate', 'slow', good('translate', 'slow'));
    mkdirSync(join(stages, 'mux'));
    const engines = await findEngines(stages);
    expect([...engines.keys()]).toEqual(['asr/quick', 'translate/slow']);
    expect(engines.get('asr/quick')).toMatchObject({ id: 'asr/quick', dir, workerPath: join(dir, 'worker.py') });
  });

  test('a tree without stages has no engines', async () => {
    expect((await findEngines(join(stages, 'nowhere'))).size).toBe(0);
  });

  const broken: readonly (readonly [string, string, RegExp])[] = [
    ['exports nothing', 'export const other = 1;', /exports no `engine`/],
    ['has another name than its folder', good('asr', 'other'), /its folder is bad/],
    ['has a role that does not exist', good('dance', 'bad'), /no role "dance"/],
    ['has no worker', good('asr', 'bad').replace('worker.py', 'worker.ts'), /worker "worker.ts" is missing/],
    ['has a batch of nothing', good('asr', 'bad').replace('batch: 1', 'batch: 0'), /batch/],
    ['is not a program', 'export const engine = {', /.+/],
  ];
  for (const [what, source, why] of broken) {
    test(`a folder whose engine.ts ${what} is named`, async () => {
      const dir = put('asr', 'bad', source);
      await expect(findEngines(stages)).rejects.toMatchObject({
        code: 'ERR_CONFIG_INVALID',
        message: expect.stringContaining(join(dir, 'engine.ts')),
        details: { why: expect.stringMatching(why) },
      });
    });
  }

  test('two folders with one id are an error that names both', async () => {
    const first = put('asr', 'same', good('asr', 'same'));
    const second = put('other', 'same', good('asr', 'same'));
    const failure = (await findEngines(stages).catch((error) => error)) as Error & { details: { why: string } };
    expect(failure).toMatchObject({ code: 'ERR_CONFIG_INVALID' });
    const text = `${failure.message} ${failure.details.why}`;
    for (const dir of [first, second]) expect(text).toContain(dir);
  });

  test('a folder without engine.ts is named', async () => {
    mkdirSync(join(stages, 'asr', 'engines', 'empty'), { recursive: true });
    await expect(findEngines(stages)).rejects.toMatchObject({ code: 'ERR_CONFIG_INVALID' });
  });
});
