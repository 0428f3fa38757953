import { createHash } from 'node:crypto';
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { ModelEntry, ModelFile } from '../../shared/contract/model.ts';
import type { ModelPlaces } from '../../shared/models/layout/locate-model.ts';
import { publishFile } from '../../shared/models/layout/publish-file.ts';
import { publishSnapshot } from '../../shared/models/layout/publish-snapshot.ts';
import { isLocked, type ModelRegistry, openRegistry } from '../../shared/models/registry/open-registry.ts';
import { sha256Hex } from '../../shared/util/digest.ts';

export const REVISION = 'a'.repeat(39);
const NO_DIGIT: Readonly<Record<string, ModelFile['kind']>> = { '.json': 'config', '.txt': 'tokenizer', '.py': 'code' };
const kindOf = (path: string): ModelFile['kind'] => NO_DIGIT[path.slice(path.lastIndexOf('.'))] ?? 'weights';

/** Contents by path. */
export type Contents = Readonly<Record<string, string | Uint8Array>>;

const gitSha1 = (bytes: Uint8Array): string =>
  createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex');

/** Small files carry git's id, weights only sha256, as on a hub. */
export function fileOf(path: string, content: string | Uint8Array): ModelFile & { bytes: number; sha256: string } {
  const bytes = Buffer.from(content);
  const kind = kindOf(path);
  const known = { path, bytes: bytes.length, sha256: sha256Hex(bytes), kind };
  return kind === 'weights' ? known : { ...known, gitSha1: gitSha1(bytes) };
}

export function hubEntry(id: string, contents: Contents, more: Partial<ModelEntry> = {}): ModelEntry {
  return {
    schema: 'model/1',
    id,
    role: 'asr',
    purpose: 'test',
    engines: ['test'],
    source: { type: 'hub', repo: `org/${id}`, revision: `${REVISION}1`, branch: 'main', aliases: [], allow: [] },
    files: Object.entries(contents).map(([path, content]) => fileOf(path, content)),
    requires: [],
    licence: { id: 'MIT', commercial: 'yes' },
    ...more,
  };
}

/** A machine: a project's registry, a user's own folder and one models root. */
export interface Machine {
  readonly dir: string;
  readonly configDir: string;
  readonly localDir: string;
  readonly root: string;
  readonly places: ModelPlaces;
  registry(): ModelRegistry;
  /** Puts an entry into the project's registry, or the user's own. */
  list(entry: ModelEntry, own?: 'own'): void;
  /** Puts a model's files into the store as a download does. */
  store(id: string, contents: Contents): Promise<void>;
  [Symbol.dispose](): void;
}

export function makeMachine(): Machine {
  const dir = mkdtempSync(join(tmpdir(), 'transfer-'));
  const [configDir, localDir, root] = [join(dir, 'config'), join(dir, 'local'), join(dir, 'models')];
  for (const folder of [join(configDir, 'models'), localDir, root]) mkdirSync(folder, { recursive: true });
  writeFileSync(join(configDir, 'model-sets.json'), JSON.stringify({ schema: 'model-sets/1', sets: {} }));
  const places: ModelPlaces = { projectDir: dir, roots: { environments: join(dir, 'environments'), models: [root] } };
  const registry = (): ModelRegistry => openRegistry(configDir, localDir);
  return {
    dir,
    configDir,
    localDir,
    root,
    places,
    registry,
    list(entry, own) {
      const folder = join(own === undefined ? configDir : localDir, 'models');
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, `${entry.id}.json`), JSON.stringify(entry));
    },
    async store(id, contents) {
      const model = registry().model(id);
      if (!isLocked(model)) throw new Error(`${id} is unlocked`);
      for (const file of model.files) {
        const from = join(dir, 'incoming-test');
        writeFileSync(from, contents[file.path] ?? '');
        await publishFile({ root, model, file, from, how: 'move' });
      }
      await publishSnapshot({ root, model });
    },
    [Symbol.dispose]: () => rmSync(dir, { recursive: true, force: true }),
  };
}

/** Writes plain files below a folder. */
export function writeFiles(dir: string, contents: Contents): void {
  for (const [path, content] of Object.entries(contents)) {
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    writeFileSync(join(dir, path), content);
    chmodSync(join(dir, path), 0o644);
  }
}

/** Every file below a folder with the sha256 of what it leads to; of a link to nothing the word `dangling`. */
export function digestsBelow(dir: string): Readonly<Record<string, string>> {
  const names = readdirSync(dir, { recursive: true, encoding: 'utf8' }).sort();
  const files = names.filter((name) => !lstatSync(join(dir, name)).isDirectory());
  const digest = (path: string): string => {
    try {
      return sha256Hex(readFileSync(path));
    } catch {
      return 'dangling';
    }
  };
  return Object.fromEntries(files.map((name) => [name, digest(join(dir, name))]));
}
