import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { KnownFile } from '../../contract/model.ts';
import { candidateDirs, type ModelPlaces } from '../layout/locate-model.ts';
import type { KnownModel, ListedModel } from '../registry/open-registry.ts';

const isThere = (dir: string, file: KnownFile): boolean => {
  const stat = statSync(join(dir, file.path), { throwIfNoEntry: false });
  return stat?.isFile() === true && stat.size === file.bytes;
};

/** The first folder in which every file of a model is there with its size; undefined where none has them all. Nothing is hashed. */
export const completeDir = (model: KnownModel, places: ModelPlaces): string | undefined =>
  candidateDirs(model, places).find((dir) => model.files.every((file) => isThere(dir, file)));

/** The root that is written. */
export function storeRoot({ roots }: ModelPlaces): string {
  const [root] = roots.models;
  if (root === undefined) throw new TypeError('there is no model root');
  return root;
}

/** The folder of the store that is written in which a model's own files lie or would lie. */
export function storeDir(model: ListedModel, places: ModelPlaces): string {
  const own = { ...places, roots: { ...places.roots, models: [storeRoot(places)] } };
  const [dir] = candidateDirs(model, own);
  if (dir === undefined) throw new TypeError(`${model.entry.id} has no place`);
  return dir;
}
