import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openState, type State } from '../../store/database.ts';
import { openFileDigests } from '../../store/file-digests.ts';
import { sha256Hex } from '../../util/digest.ts';
import { locateModel } from '../layout/locate-model.ts';
import { openRegistry } from '../registry/open-registry.ts';
import { lookAtModels } from './look-at-models.ts';
import { type VerifyOptions, verifyModel } from './verify-model.ts';

const CONTENTS = { 'model.bin': 'weights', 'vocab.txt': 'words' };
const MANAGERS = ['pip', 'npm', 'deb'] as const;
type Manager = (typeof MANAGERS)[number];

describe('a model in an installed package', () => {
  let root: string;
  let options: VerifyOptions;
  let state: State;
  let counts: { hashedFiles: number };

  const entry = (manager: Manager): object => ({
    schema: 'model/1',
    id: `asr.${manager}`,
    role: 'asr',
    purpose: 'test',
    engines: ['test'],
    source: {
      type: 'package',
      manager,
      name: 'some-voice',
      version: '0.1.0-2',
      environment: 'e',
      // A system package lies below the root folder itself.
      root: manager === 'deb' ? join(root, 'usr/share/some').slice(1) : 'some',
    },
    files: Object.entries(CONTENTS).map(([path, text]) => ({
      path,
      bytes: text.length,
      sha256: sha256Hex(text),
      kind: path === 'model.bin' ? 'weights' : 'tokenizer',
    })),
    licence: { id: 'MIT', commercial: 'yes' },
  });
  const dirOf = (manager: Manager): string => locateModel(options.registry.model(`asr.${manager}`), options.places);
  const verify = (manager: Manager): Promise<void> => verifyModel(`asr.${manager}`, options);
  const stateOf = async (manager: Manager) => (await lookAtModels(options)).get(`asr.${manager}`)?.state;

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'verify-'));
    mkdirSync(join(root, 'config/models'), { recursive: true });
    mkdirSync(join(root, 'environments/e/lib/python3.11/site-packages'), { recursive: true });
    writeFileSync(join(root, 'config/model-sets.json'), JSON.stringify({ schema: 'model-sets/1', sets: {} }));
    for (const manager of MANAGERS)
      writeFileSync(join(root, `config/models/asr.${manager}.json`), JSON.stringify(entry(manager)));
    state = openState(join(root, 'state'));
    const digests = openFileDigests(state);
    counts = digests.counts;
    options = {
      registry: openRegistry(join(root, 'config'), join(root, 'local')),
      places: { projectDir: root, roots: { environments: join(root, 'environments'), models: [join(root, 'models')] } },
      digests,
    };
    for (const manager of MANAGERS) {
      mkdirSync(dirOf(manager), { recursive: true });
      for (const [path, text] of Object.entries(CONTENTS)) writeFileSync(join(dirOf(manager), path), text);
    }
  });
  afterEach(() => {
    state.close();
    rmSync(root, { recursive: true });
  });

  const fixes = (): Readonly<Record<Manager, readonly string[]>> => ({
    pip: [`rm -r ${join(root, 'environments/e')}`, './run-pipeline.sh --demo'],
    npm: ['npm ci'],
    deb: ['sudo apt-get install --reinstall -y some-voice'],
  });

  test.for(MANAGERS)(
    'from %s with every file is complete, and its content is what the registry says',
    async (manager) => {
      expect(await stateOf(manager)).toBe('complete-unverified');
      await verify(manager);
      expect(counts.hashedFiles).toBe(2);
    },
  );

  test.for(MANAGERS)('from %s that ships no weights is refused by name before anything is read', async (manager) => {
    rmSync(join(dirOf(manager), 'model.bin'));
    expect(await stateOf(manager)).toBe('partial');
    await expect(verify(manager)).rejects.toMatchObject({
      code: 'ERR_MODEL_MISSING',
      details: {
        why: expect.stringMatching(/^Weights \(model\.bin\) missing\. .*The registry knows some-voice 0\.1\.0-2\.$/),
        fix: fixes()[manager],
      },
    });
    expect(counts.hashedFiles).toBe(0);
  });

  test.for(MANAGERS)(
    'from %s with one changed byte is refused, with the version the registry knows',
    async (manager) => {
      writeFileSync(join(dirOf(manager), 'model.bin'), 'weighty');
      expect(await stateOf(manager)).toBe('complete-unverified');
      await expect(verify(manager)).rejects.toMatchObject({
        code: 'ERR_MODEL_CORRUPT',
        details: {
          why: expect.stringMatching(/model\.bin: Its digest is sha256:.* some-voice 0\.1\.0-2\.$/),
          fix: fixes()[manager],
        },
      });
    },
  );

  test('with a shortened file is refused without reading it', async () => {
    writeFileSync(join(dirOf('pip'), 'vocab.txt'), 'wo');
    expect(await stateOf('pip')).toBe('corrupt');
    await expect(verify('pip')).rejects.toMatchObject({
      code: 'ERR_MODEL_CORRUPT',
      details: { why: expect.stringContaining('It has 2 bytes; 5 are right.') },
    });
    expect(counts.hashedFiles).toBe(0);
  });

  test('with a folder where a file should be is missing', async () => {
    for (const path of Object.keys(CONTENTS)) {
      rmSync(join(dirOf('pip'), path));
      mkdirSync(join(dirOf('pip'), path));
    }
    expect(await stateOf('pip')).toBe('missing');
    await expect(verify('pip')).rejects.toMatchObject({ code: 'ERR_MODEL_MISSING' });
  });

  test('that nobody knows is refused', async () => {
    await expect(verifyModel('asr.pipp', options)).rejects.toMatchObject({ code: 'ERR_MODEL_UNKNOWN' });
  });
});
