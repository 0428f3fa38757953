import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { ModelEntry, ModelFile } from '../../shared/contract/model.ts';
import type { HubRepo } from '../helpers/hub-server.ts';
import { PROJECT_DIR } from '../helpers/workspace.ts';

export const SILERO = 'vad.silero.v6';
export const SILERO_REVISION = 'c'.repeat(40);

/** The model of the voice detector as if it lay on a hub: engine, file and digest are the real ones. */
export interface HubSilero {
  readonly listed: ModelEntry;
  readonly file: ModelFile;
  readonly weights: Buffer;
  readonly repo: HubRepo;
}

export function readSilero(): HubSilero {
  const listed = JSON.parse(readFileSync(join(PROJECT_DIR, `config/models/${SILERO}.json`), 'utf8')) as ModelEntry;
  const { source } = listed;
  const [file] = listed.files;
  if (source.type !== 'package' || file === undefined) throw new TypeError('the model comes from a package');
  const weights = readFileSync(join(PROJECT_DIR, 'node_modules', source.root, file.path));
  const files = { [file.path]: weights };
  return { listed, file, weights, repo: { repo: 'test/silero', revision: SILERO_REVISION, files, lfs: [file.path] } };
}

/** Writes the user's own entry that says so into a workspace; `change` goes over it. */
export function listSilero(workspace: string, change: object = {}): HubSilero {
  const silero = readSilero();
  const source = { type: 'hub', repo: silero.repo.repo, revision: SILERO_REVISION };
  const path = join(workspace, 'local/models', `${SILERO}.json`);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, JSON.stringify({ ...silero.listed, source, ...change }));
  return silero;
}
