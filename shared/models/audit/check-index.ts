import { readFileSync } from 'node:fs';
import { basename, dirname, join, normalize } from 'node:path';
import type { FileLook } from '../../contract/model-audit.ts';
import { type Finding, finding } from './file-finding.ts';
import { isGood, type OwnLook } from './own-look.ts';

/** No index is larger; a file that is must be something else. */
const INDEX_BYTES = 20_000_000;

/** File of each tensor, by the tensor's name. */
type WeightMap = Readonly<Record<string, unknown>>;

/**
 * Judges the shard indexes of a model against the files of all models of its closure: each shard that an index names has to be one of them,
 * and each shard beside it has to hold the tensors that the index says it holds. Returns the looks with what was found in place of what
 * it was found about. Shards that are listed and not there are not named again.
 */
export function checkIndexes(own: OwnLook, closure: readonly OwnLook[]): readonly FileLook[] {
  // Beside files that are all proven an index of a proven digest can say nothing new.
  if (own.files.every(({ state }) => state === 'ok')) return own.files;
  const indexes = own.files.filter((look) => isIndex(look) && isGood(look));
  if (indexes.length === 0) return own.files;
  const names = new Set(closure.flatMap(({ files }) => files.flatMap(({ path }) => [path, basename(path)])));
  const found = new Map<FileLook, Finding>();
  for (const index of indexes) {
    const read = readIndex(index);
    if (read === null) continue;
    if ('state' in read) {
      found.set(index, read);
      continue;
    }
    const { map } = read;
    const folder = dirname(index.path);
    const stranger = shardsOf(map).find((name) => !names.has(normalize(join(folder, name))) && !names.has(name));
    if (stranger !== undefined) {
      // Then it is the index that is wrong, and it says nothing of the shards.
      found.set(index, finding('corrupt', `It names the shard ${stranger}, which no model it belongs to has.`));
      continue;
    }
    for (const look of own.files) {
      const wrong =
        look.state === 'unverified' && dirname(look.path) === folder
          ? checkShard(look, own.tensors.get(look.path), map)
          : null;
      if (wrong !== null) found.set(look, wrong);
    }
  }
  return found.size === 0 ? own.files : own.files.map((look) => ({ ...look, ...found.get(look) }));
}

/** Tens of thousands of tensors lie in a few shards. */
function shardsOf(map: WeightMap): readonly string[] {
  const shards = new Set<string>();
  for (const tensor in map) shards.add(String(map[tensor]));
  return [...shards];
}

const isIndex = ({ kind, path }: FileLook): boolean => kind === 'index' || path.endsWith('.index.json');

/** Null for an index of something else. */
function readIndex({ at, path, state, foundBytes }: FileLook): { readonly map: WeightMap } | Finding | null {
  if ((foundBytes ?? 0) > INDEX_BYTES) return finding('corrupt', 'It is too large for an index of shards.');
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(at, 'utf8'));
  } catch {
    return path.endsWith('.json') ? finding('corrupt', 'It is not JSON.') : null;
  }
  const map = (json as { readonly weight_map?: unknown } | null)?.weight_map;
  if (typeof map !== 'object' || map === null) {
    if (state === 'ok' || !path.endsWith('.index.json')) return null;
    return finding('corrupt', 'It has no weight_map, so it is no index of shards.');
  }
  return { map: map as WeightMap };
}

/** A shard under the name of another one has the right form, and perhaps the right size; its tensors betray it. */
function checkShard({ path }: FileLook, tensor: string | undefined, map: WeightMap): Finding | null {
  const belongs = tensor !== undefined && Object.hasOwn(map, tensor) ? map[tensor] : undefined;
  if (belongs === undefined || belongs === basename(path)) return null;
  return finding('corrupt', `It holds the tensor ${tensor}, which the index puts into ${belongs}: swapped files.`);
}
