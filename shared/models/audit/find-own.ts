import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { refPath, repoDir, snapshotDir } from '../layout/hub-layout.ts';
import { candidateDirs, type ModelPlaces } from '../layout/locate-model.ts';
import type { ListedModel } from '../registry/open-registry.ts';
import { isGood, lookAtOwn, type OwnLook, type OwnLookOptions } from './own-look.ts';

/** Looks at a model wherever it may lie and returns the best of what was found: the complete one, else the one with most of its files. */
export function findOwn(model: ListedModel, places: ModelPlaces, options: OwnLookOptions): OwnLook {
  const [first = '', ...others] = candidates(model, places);
  const isHub = model.entry.source.type === 'hub';
  let best = lookAtOwn(model, first, options);
  for (const dir of others) {
    if (best.files.every(isGood) && best.files.length > 0) return best;
    if (isHub && !isFolder(dir)) continue;
    const look = lookAtOwn(model, dir, options);
    if (goodOf(look) > goodOf(best)) best = look;
  }
  return best;
}

const goodOf = ({ files }: OwnLook): number => files.filter(isGood).length;
const isFolder = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;

/** An unlocked model may be there in any revision; the one its branch stands at comes first. */
function candidates(model: ListedModel, places: ModelPlaces): readonly string[] {
  const { source } = model.entry;
  const usual = candidateDirs(model, places);
  if (source.type !== 'hub' || model.revision !== null) return usual;
  const there = [source.repo, ...source.aliases].flatMap((repo) =>
    places.roots.models.flatMap((root) => {
      const current = readRef(refPath(root, repo, source.branch));
      const revisions = [...revisionsIn(root, repo)].sort((a, b) => Number(b === current) - Number(a === current));
      return revisions.map((revision) => snapshotDir(root, repo, revision));
    }),
  );
  return [...there, ...usual];
}

function readRef(path: string): string | null {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return null;
  }
}

/** Revisions a repository has in a root, those with nothing in them left out. */
export function revisionsIn(root: string, repo: string): readonly string[] {
  const folder = join(repoDir(root, repo), 'snapshots');
  return entriesOf(folder).filter((name) => entriesOf(join(folder, name)).length > 0);
}

function entriesOf(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** Revisions of a hub model that are there and are not the one the registry has. */
export function otherRevisions({ entry, revision }: ListedModel, { roots }: ModelPlaces): readonly string[] {
  const { source } = entry;
  if (source.type !== 'hub' || revision === null) return [];
  const all = [source.repo, ...source.aliases].flatMap((repo) =>
    roots.models.flatMap((root) => revisionsIn(root, repo)),
  );
  return [...new Set(all)].filter((one) => one !== revision);
}
