import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ModelEntry } from '../../contract/model.ts';
import { sha256Hex } from '../../util/digest.ts';
import type { KnownModel } from '../registry/open-registry.ts';
import { refPath, snapshotDir, treePath } from './hub-layout.ts';
import { publishSnapshot } from './publish-snapshot.ts';

const REPO = 'org/voices';
const REVISION = 'a'.repeat(40);

describe('the listing of a snapshot', () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'snapshot-'));
  });
  afterEach(() => rmSync(root, { recursive: true }));

  const voice = (path: string): KnownModel => {
    const at = join(snapshotDir(root, REPO, REVISION), path);
    mkdirSync(dirname(at), { recursive: true });
    writeFileSync(at, path);
    const entry = ModelEntry.parse({
      schema: 'model/1',
      id: 'synthesize.x',
      role: 'synthesize',
      purpose: '',
      engines: ['x'],
      source: { type: 'hub', repo: REPO, revision: REVISION },
      files: [{ path, bytes: path.length, sha256: sha256Hex(path), kind: 'weights' }],
      licence: { id: 'MIT', commercial: 'yes' },
    });
    return { entry, revision: REVISION, files: entry.files as KnownModel['files'] };
  };
  const listed = (): readonly string[] =>
    Object.keys((JSON.parse(readFileSync(treePath(root, REPO, REVISION), 'utf8')) as { files: object }).files);

  it('names the commit the branch stands at, without a line end', async () => {
    await publishSnapshot({ root, model: voice('a.onnx') });
    expect(readFileSync(refPath(root, REPO, 'main'), 'utf8')).toBe(REVISION);
  });

  it('keeps what another entry of the same repository has there', async () => {
    await publishSnapshot({ root, model: voice('a.onnx') });
    await publishSnapshot({ root, model: voice('b.onnx') });
    expect(listed()).toEqual(['a.onnx', 'b.onnx']);
  });

  it('forgets what is there no more, and a listing that cannot be read', async () => {
    await publishSnapshot({ root, model: voice('a.onnx') });
    rmSync(join(snapshotDir(root, REPO, REVISION), 'a.onnx'));
    await publishSnapshot({ root, model: voice('b.onnx') });
    expect(listed()).toEqual(['b.onnx']);
    writeFileSync(treePath(root, REPO, REVISION), '{"files":');
    await publishSnapshot({ root, model: voice('c.onnx') });
    expect(listed()).toEqual(['c.onnx']);
  });
});
