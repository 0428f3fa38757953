import { candidateDirs, type ModelPlaces } from '../layout/locate-model.ts';
import type { ListedModel } from '../registry/open-registry.ts';

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
