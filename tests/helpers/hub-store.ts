import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { z } from 'zod';
import type { ModelEntry } from '../../shared/contract/model.ts';
import { fetchModels } from '../../shared/models/download/fetch-models.ts';
import type { FetchOptions, FetchOutcome } from '../../shared/models/download/fetch-options.ts';
import { locateModel } from '../../shared/models/layout/locate-model.ts';
import { type ModelRegistry, openRegistry } from '../../shared/models/registry/open-registry.ts';
import { gitSha1, type HubRepo, isLfs, sha256 } from './hub-server.ts';

export type EntryInput = z.input<typeof ModelEntry>;

/** What most entries of a test have in common. */
const common = (): Pick<EntryInput, 'schema' | 'role' | 'purpose' | 'engines' | 'licence'> => ({
  schema: 'model/1',
  role: 'asr',
  purpose: 'for a test',
  engines: ['test'],
  licence: { id: 'MIT', commercial: 'yes' },
});

/** An entry with size and digests of every file of a repository. */
export function lockedEntry(id: string, repo: HubRepo, more: Partial<EntryInput> = {}): EntryInput {
  const files = Object.entries(repo.files).map(([path, data]) => ({
    path,
    bytes: data.length,
    sha256: sha256(data),
    ...(isLfs(repo, path, data) ? {} : { gitSha1: gitSha1(data) }),
    kind: 'data' as const,
  }));
  const source = { type: 'hub' as const, repo: repo.repo, revision: repo.revision, branch: repo.branch ?? 'main' };
  return { ...common(), id, source, files, ...more };
}

/** An entry of a plain server. */
export function urlEntry(id: string, base: string, files: Readonly<Record<string, Buffer>>): EntryInput {
  return {
    ...common(),
    id,
    source: { type: 'url', base, folder: 'torch/hub/checkpoints' },
    files: Object.entries(files).map(([path, data]) => ({
      path,
      bytes: data.length,
      sha256: sha256(data),
      kind: 'weights' as const,
    })),
  };
}

/** An entry that knows nothing but names. */
export function unlockedEntry(id: string, source: EntryInput['source'], more: Partial<EntryInput> = {}): EntryInput {
  return { ...common(), id, source, ...more };
}

/** Folders of a user who has these models in the registry, and nothing in the store. */
export interface HubStore extends Disposable {
  readonly dir: string;
  /** The models root. */
  readonly root: string;
  readonly localDir: string;
  readonly registry: () => ModelRegistry;
  /** What fetchModels takes, with shorter pauses than usual. */
  options(endpoint: string | readonly string[], more?: Partial<FetchOptions>): FetchOptions;
  fetch(
    ids: readonly string[],
    endpoint: string | readonly string[],
    more?: Partial<FetchOptions>,
  ): Promise<readonly FetchOutcome[]>;
  /** Bytes of a file as an engine finds it; undefined when it is not there. */
  read(id: string, path: string): Buffer | undefined;
  /** Regular files of the store by path, without locks; links are not followed. */
  files(): readonly string[];
}

export function makeHubStore(
  entries: readonly EntryInput[],
  dir = mkdtempSync(join(tmpdir(), 'hub-store-')),
): HubStore {
  const [configDir, localDir, root] = [join(dir, 'config'), join(dir, 'local'), join(dir, 'models')];
  mkdirSync(join(configDir, 'models'), { recursive: true });
  for (const entry of entries) writeFileSync(join(configDir, 'models', `${entry.id}.json`), JSON.stringify(entry));
  writeFileSync(join(configDir, 'model-sets.json'), JSON.stringify({ schema: 'model-sets/1', sets: {} }));
  const registry = (): ModelRegistry => openRegistry(configDir, localDir);
  const places = { projectDir: dir, roots: { environments: join(dir, 'environments'), models: [root] } };
  const options: HubStore['options'] = (endpoint, more = {}) => ({
    registry: registry(),
    places,
    localDir,
    endpoints: [endpoint].flat(),
    patience: { stallMs: 5000, connectMs: 1000, pauseMs: 5, longestPauseMs: 50 },
    env: {},
    ...more,
  });
  return {
    dir,
    root,
    localDir,
    registry,
    options,
    fetch: (ids, endpoint, more) => fetchModels(ids, options(endpoint, more)),
    read(id, path) {
      const file = join(locateModel(registry().model(id), places), path);
      return existsSync(file) ? readFileSync(file) : undefined;
    },
    files: () =>
      existsSync(root)
        ? readdirSync(root, { recursive: true, encoding: 'utf8' })
            .filter((path) => !path.startsWith('.lock') && statSync(join(root, path)).isFile())
            .sort()
        : [],
    [Symbol.dispose]: () => rmSync(dir, { recursive: true, force: true }),
  };
}
