import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { crc32 } from 'node:zlib';
import type { AuditOptions } from '../../shared/models/audit/audit-options.ts';
import { blobName, blobsDir, snapshotDir } from '../../shared/models/layout/hub-layout.ts';
import { candidateDirs } from '../../shared/models/layout/locate-model.ts';
import { kindOfFile } from '../../shared/models/registry/kind-of-file.ts';
import {
  isLocked,
  type ListedModel,
  type ModelRegistry,
  openRegistry,
} from '../../shared/models/registry/open-registry.ts';
import { openState, type State } from '../../shared/store/database.ts';
import { type FileDigests, openFileDigests } from '../../shared/store/file-digests.ts';
import { sha256Hex } from '../../shared/util/digest.ts';

/** A model as a test thinks of it: its entry is made from its content. */
export interface MadeModel {
  readonly id: string;
  readonly source: object;
  readonly files: Readonly<Record<string, Buffer>>;
  readonly more?: object;
}

export const REVISION = 'a'.repeat(40);

export const hub = (repo: string, more: object = {}): object => ({ type: 'hub', repo, revision: REVISION, ...more });

/** A safetensors file with one tensor of `bytes` bytes, each of the value `fill`. */
export function tensors(name: string, bytes: number, fill = 1): Buffer {
  const header = Buffer.from(JSON.stringify({ [name]: { dtype: 'U8', shape: [bytes], data_offsets: [0, bytes] } }));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  return Buffer.concat([length, header, Buffer.alloc(bytes, fill)]);
}

/** A zip file with one stored member, as PyTorch writes its weights. */
export function zip(bytes: number, fill = 2): Buffer {
  const [name, data] = [Buffer.from('data.pkl'), Buffer.alloc(bytes, fill)];
  const fields = Buffer.alloc(26);
  fields.writeUInt16LE(20, 0);
  fields.writeUInt32LE(crc32(data), 10);
  fields.writeUInt32LE(bytes, 14);
  fields.writeUInt32LE(bytes, 18);
  fields.writeUInt16LE(name.length, 22);
  const local = Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), fields, name, data]);
  const central = Buffer.concat([Buffer.from('PK\x01\x02\x14\x00', 'latin1'), fields, Buffer.alloc(14), name]);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 0, 'latin1');
  end.writeUInt16LE(1, 8);
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(central.length, 12);
  end.writeUInt32LE(local.length, 16);
  return Buffer.concat([local, central, end]);
}

export const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));

/** Two shards with their index; the shards have one size. */
export function sharded(): Readonly<Record<string, Buffer>> {
  const name = (n: number): string => `model-0000${n}-of-00002.safetensors`;
  return {
    [name(1)]: tensors('layer.1', 5000, 1),
    [name(2)]: tensors('layer.2', 5000, 2),
    'model.safetensors.index.json': json({ metadata: {}, weight_map: { 'layer.1': name(1), 'layer.2': name(2) } }),
    'config.json': json({ model_type: 'two' }),
  };
}

export interface Material extends Disposable {
  readonly dir: string;
  /** The models root. */
  readonly root: string;
  readonly registry: ModelRegistry;
  readonly state: State;
  readonly digests: FileDigests;
  readonly options: AuditOptions;
  /** Where a file of a model lies in the root. */
  path(id: string, file: string): string;
  /** Writes a model as a downloader would: blobs and links for a hub, plain files for another server. */
  store(id: string): void;
}

/** A registry of these models, an empty store and a memory of digests, in a folder that goes with it. */
export function makeMaterial(models: readonly MadeModel[]): Material {
  const dir = mkdtempSync(join(tmpdir(), 'audit-'));
  const [config, root] = [join(dir, 'config'), join(dir, 'models')];
  mkdirSync(join(config, 'models'), { recursive: true });
  writeFileSync(join(config, 'model-sets.json'), json({ schema: 'model-sets/1', sets: {} }));
  for (const model of models) writeFileSync(join(config, 'models', `${model.id}.json`), json(entryOf(model)));
  const registry = openRegistry(config, join(dir, 'local'));
  const places = { projectDir: dir, roots: { environments: join(dir, 'environments'), models: [root] } };
  const state = openState(join(dir, 'state'));
  const digests = openFileDigests(state);
  const folder = (model: ListedModel): string => candidateDirs(model, places)[0] ?? root;
  return {
    dir,
    root,
    registry,
    state,
    digests,
    options: { registry, places, digests },
    path: (id, file) => join(folder(registry.model(id)), file),
    store(id) {
      const made = models.find((one) => one.id === id);
      if (made === undefined) throw new TypeError(`no model ${id} was made`);
      storeModel(registry.model(id), { root, folder: folder(registry.model(id)), files: made.files });
    },
    [Symbol.dispose]() {
      state.close();
      rmSync(dir, { recursive: true });
    },
  };
}

function entryOf({ id, source, files, more }: MadeModel): object {
  return {
    schema: 'model/1',
    id,
    role: id.split('.')[0],
    purpose: 'test',
    engines: ['test'],
    source,
    files: Object.entries(files).map(([path, content]) => ({
      path,
      bytes: content.length,
      sha256: sha256Hex(content),
      kind: kindOfFile(path),
    })),
    licence: { id: 'MIT', commercial: 'yes' },
    ...more,
  };
}

interface ToStore {
  readonly root: string;
  readonly folder: string;
  readonly files: MadeModel['files'];
}

function storeModel(model: ListedModel, { root, folder, files }: ToStore): void {
  const { source } = model.entry;
  for (const [path, content] of Object.entries(files)) {
    const at = join(folder, path);
    mkdirSync(dirname(at), { recursive: true });
    if (source.type !== 'hub') {
      writeFileSync(at, content);
      continue;
    }
    const file = isLocked(model) ? model.files.find((one) => one.path === path) : undefined;
    const blob = join(blobsDir(root, source.repo), file === undefined ? sha256Hex(content) : blobName(file));
    mkdirSync(dirname(blob), { recursive: true });
    writeFileSync(blob, content);
    symlinkSync(relative(dirname(at), blob), at);
  }
}

export const snapshotOf = (root: string, repo: string, revision = REVISION): string =>
  snapshotDir(root, repo, revision);
