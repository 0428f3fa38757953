import type { KnownFile } from '../../contract/model.ts';
import { blobName, repoFolderName } from '../layout/hub-layout.ts';
import type { KnownModel } from '../registry/open-registry.ts';
import type { FoundFile } from './found-file.ts';

/** A model of the registry and what was found of it. */
export interface MatchedModel {
  readonly model: KnownModel;
  /** For each of its files what may be it, the likeliest first. Only a digest decides. */
  readonly candidates: ReadonlyMap<KnownFile, readonly FoundFile[]>;
  /** Files that lie where one of its files should lie and have another size or digest. */
  readonly wrong: readonly { readonly file: KnownFile; readonly found: FoundFile }[];
}

/** A file of at least this size is recognised by its size alone, whatever its name; smaller ones have too many twins. */
const TELLING_BYTES = 1 << 20;

const baseName = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

/** Where our own exports and hub caches keep a file, the surest first: names end so. */
function usualPlaces({ entry, revision }: KnownModel, file: KnownFile): readonly string[] {
  const { source } = entry;
  const flat = `${entry.id}/${file.path}`;
  if (source.type !== 'hub' || revision === null) return [flat];
  return [
    flat,
    ...[source.repo, ...source.aliases].map((repo) => `${repoFolderName(repo)}/snapshots/${revision}/${file.path}`),
  ];
}

const endsWith = (name: string, path: string): boolean => name === path || name.endsWith(`/${path}`);

/** How likely it is that a file found is the file of a model, by names alone; 0: not at all. */
function likelihood(model: KnownModel, file: KnownFile, found: FoundFile): number {
  if (usualPlaces(model, file).some((place) => endsWith(found.name, place))) return 5;
  if (endsWith(found.name, file.path)) return 4;
  const name = baseName(found.name);
  if (name === blobName(file) || name === file.sha256) return 3;
  if (name === baseName(file.path)) return 2;
  return file.bytes >= TELLING_BYTES || found.sha256 !== undefined ? 1 : 0;
}

/** True when a file of this name and size may be one of the model's. */
export const mayBe = (model: KnownModel, file: KnownFile, found: FoundFile): boolean =>
  found.bytes === file.bytes &&
  (found.sha256 === undefined || found.sha256 === file.sha256) &&
  likelihood(model, file, found) > 0;

/** What was found, by size and by the last part of its name. */
interface FoundIndex {
  readonly bySize: ReadonlyMap<number, readonly FoundFile[]>;
  readonly byName: ReadonlyMap<string, readonly FoundFile[]>;
}

/**
 * Which models a folder or an archive holds. `asked`: all `models` are answered, whatever was found of them. Otherwise those that are whole
 * or lie at a usual place, and of the rest those that explain a file which no better one explains: a folder with one model must not also
 * bring in parts of ten others that happen to share a tokenizer with it.
 */
export function matchFiles(
  models: readonly KnownModel[],
  found: readonly FoundFile[],
  { asked }: { readonly asked: boolean },
): readonly MatchedModel[] {
  const index: FoundIndex = {
    bySize: Map.groupBy(found, ({ bytes }) => bytes),
    byName: Map.groupBy(found, ({ name }) => baseName(name)),
  };
  const looks = models.map((model) => lookFor(model, index));
  if (asked) return looks.map(({ matched }) => matched);
  const order = [...looks].sort((a, b) => b.share - a.share);
  const explained = new Set<string>();
  const taken = new Set<MatchedModel>();
  for (const { matched, share, atUsualPlace } of order) {
    const best = [...matched.candidates.values()].flatMap(([first]) => (first === undefined ? [] : [first]));
    const whole = share === 1 && best.length === matched.candidates.size;
    const tells = (one: FoundFile): boolean =>
      !explained.has(one.name) && (one.bytes >= TELLING_BYTES || one.sha256 !== undefined);
    if (!whole && !atUsualPlace && !best.some(tells)) continue;
    taken.add(matched);
    for (const { name } of best) explained.add(name);
  }
  return looks.flatMap(({ matched }) => (taken.has(matched) ? [matched] : []));
}

interface Look {
  readonly matched: MatchedModel;
  /** Bytes found of the bytes it has, 0 to 1. */
  readonly share: number;
  readonly atUsualPlace: boolean;
}

function lookFor(model: KnownModel, index: FoundIndex): Look {
  const candidates = new Map<KnownFile, readonly FoundFile[]>();
  for (const file of model.files) {
    const likely = (index.bySize.get(file.bytes) ?? []).filter((one) => mayBe(model, file, one));
    candidates.set(
      file,
      likely.sort((a, b) => likelihood(model, file, b) - likelihood(model, file, a)),
    );
  }
  const total = model.files.reduce((sum, file) => sum + file.bytes, 0);
  const there = [...candidates].reduce((sum, [file, all]) => sum + (all.length > 0 ? file.bytes : 0), 0);
  const wrong = findWrong(model, candidates, index);
  const atUsualPlace = [...candidates].some(([file, all]) => all.some((one) => likelihood(model, file, one) === 5));
  return {
    matched: { model, candidates, wrong: wrong.map(({ file, found: one }) => ({ file, found: one })) },
    share: total === 0 ? 0 : there / total,
    atUsualPlace: atUsualPlace || wrong.some(({ usual }) => usual),
  };
}

/** Files of another size or digest where the model's file would be: at a usual place, or beside one that was found. */
function findWrong(
  model: KnownModel,
  candidates: MatchedModel['candidates'],
  { byName }: FoundIndex,
): readonly { file: KnownFile; found: FoundFile; usual: boolean }[] {
  const roots = new Set(
    [...candidates].flatMap(([file, all]) =>
      all.filter(({ name }) => endsWith(name, file.path)).map(({ name }) => name.slice(0, -file.path.length)),
    ),
  );
  const absent = [...candidates].filter(([, all]) => all.length === 0).map(([file]) => file);
  return absent.flatMap((file) => {
    const places = usualPlaces(model, file);
    const found = byName.get(baseName(file.path)) ?? [];
    const atPlace = found.find(({ name }) => places.some((place) => endsWith(name, place)));
    const beside =
      atPlace ?? found.find(({ name }) => endsWith(name, file.path) && roots.has(name.slice(0, -file.path.length)));
    return beside === undefined ? [] : [{ file, found: beside, usual: atPlace !== undefined }];
  });
}
