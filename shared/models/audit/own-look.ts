import type { ModelFile } from '../../contract/model.ts';
import type { FileLook } from '../../contract/model-audit.ts';
import type { FileDigests } from '../../store/file-digests.ts';
import type { ListedModel } from '../registry/open-registry.ts';
import { findExtraCode } from './extra-code.ts';
import { lookAtFile } from './look-at-file.ts';
import type { StoreView } from './store-view.ts';

/** What lies there of one model's own files. */
export interface OwnLook {
  readonly model: ListedModel;
  readonly dir: string;
  /** Each listed file, and what is there and should not be. Of a `oneOf` group only the one that stands for it. */
  readonly files: readonly FileLook[];
  /** Name of one tensor of each file whose header was read, by path. */
  readonly tensors: ReadonlyMap<string, string>;
}

export interface OwnLookOptions {
  readonly digests: FileDigests | undefined;
  /** Where links may lead; null: anywhere. */
  readonly within: StoreView | null;
  /** Where a file lies or would lie; absent: at its path in `dir`. */
  readonly at?: (file: ModelFile) => string;
}

/** Nothing is wrong with it as far as anybody looked. */
export const isGood = ({ state }: Pick<FileLook, 'state'>): boolean => state === 'ok' || state === 'unverified';
/** No bytes are there that could be right. */
export const isAbsent = ({ state }: Pick<FileLook, 'state'>): boolean =>
  state === 'missing' || state === 'dangling-link';

/** The files an entry names; of an unlocked one those that are known already. */
export const listedFiles = ({ files, entry }: ListedModel): readonly ModelFile[] => files ?? entry.files;

/** Path of each of its files, by sha256. */
export const siblingsOf = (model: ListedModel): ReadonlyMap<string, string> =>
  new Map(listedFiles(model).flatMap(({ path, sha256 }) => (sha256 === undefined ? [] : [[sha256, path]])));

/** Looks at every file of one model in one folder. Reads little, hashes nothing. */
export function lookAtOwn(model: ListedModel, dir: string, { digests, within, at }: OwnLookOptions): OwnLook {
  const { entry } = model;
  const isPackage = entry.source.type === 'package';
  const siblings = siblingsOf(model);
  const tensors = new Map<string, string>();
  const look = (file: ModelFile): FileLook => {
    const path = at?.(file) ?? `${dir}/${file.path}`;
    // Installers link packages from their own caches, which is their business.
    const { tensor, ...seen } = lookAtFile({
      path,
      file,
      digests,
      within: isPackage ? null : within,
      isLink: entry.source.type === 'hub',
      checkFormat: !isPackage,
      siblings,
    });
    if (tensor !== undefined) tensors.set(file.path, tensor);
    return { model: entry.id, path: file.path, kind: file.kind, at: path, bytes: file.bytes ?? null, ...seen };
  };
  const listed = listedFiles(model);
  const looks = withoutAlternatives(listed, listed.map(look));
  const extra =
    at === undefined && (entry.source.type === 'hub' || entry.source.type === 'local')
      ? findExtraCode(model, dir, within)
      : [];
  return { model, dir, files: [...looks, ...extra], tensors };
}

/** Of files that stand for each other the best one is kept; when none is there, the first says so for all. */
function withoutAlternatives(listed: readonly ModelFile[], looks: readonly FileLook[]): readonly FileLook[] {
  const groups = new Map<string, FileLook[]>();
  for (const [index, { oneOf }] of listed.entries()) {
    const look = looks[index];
    if (oneOf !== undefined && look !== undefined) groups.set(oneOf, [...(groups.get(oneOf) ?? []), look]);
  }
  const kept = new Map(
    [...groups.values()].map((group): [FileLook | undefined, FileLook | undefined] => {
      const best = group.find(isGood) ?? group.find((one) => !isAbsent(one)) ?? group[0];
      if (best?.state !== 'missing') return [best, best];
      return [best, { ...best, why: `None of ${group.map(({ path }) => path).join(', ')} is there.` }];
    }),
  );
  return looks.flatMap((look, index) => {
    if (listed[index]?.oneOf === undefined) return [look];
    const instead = kept.get(look);
    return instead === undefined ? [] : [instead];
  });
}
