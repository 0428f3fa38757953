import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { KnownFile } from '../../contract/model.ts';
import { errorCode } from '../../store/disk-failure.ts';
import type { FileDigests } from '../../store/file-digests.ts';
import { hashFile } from '../../store/hash-file.ts';
import { completeDir } from '../layout/locate-model.ts';
import { publishFile } from '../layout/publish-file.ts';
import { publishSnapshot } from '../layout/publish-snapshot.ts';
import type { KnownModel } from '../registry/open-registry.ts';
import type { FoundFile } from './found-file.ts';
import type { ImportedModel } from './import-report.ts';
import type { MatchedModel } from './match-files.ts';
import { requireRoom } from './require-room.ts';
import { stopIfAborted } from './stop-if-aborted.ts';
import { storeDir, storeRoot } from './store-root.ts';
import { type TakenHow, type TakeOptions, takeFile } from './take-file.ts';
import type { TransferOptions } from './transfer-options.ts';

export interface TakeModelsOptions extends Omit<TransferOptions, 'registry'> {
  readonly digests: FileDigests | undefined;
  readonly how: TakeOptions['how'];
  /** Whether the store has a file, verified; shared with a caller that asked before. */
  readonly has: StoreHas;
}

export type StoreHas = (model: KnownModel, file: KnownFile) => Promise<boolean>;

/** Whether the store has a file with its digest; hashed once a call of this, or remembered. A complete model of another root counts too. */
export function askStore({ places, digests, signal }: Omit<TransferOptions, 'registry'>): StoreHas {
  const answers = new Map<string, Promise<boolean>>();
  const look = async (model: KnownModel, file: KnownFile): Promise<boolean> => {
    const path = join(completeDir(model, places) ?? storeDir(model, places), file.path);
    try {
      const found = await stat(path);
      if (!found.isFile() || found.size !== file.bytes) return false;
      const options = signal === undefined ? {} : { signal };
      const digest =
        digests === undefined ? (await hashFile(path, options)).digest : await digests.remembered(path, options);
      return digest === `sha256:${file.sha256}`;
    } catch (error) {
      if (['ENOENT', 'ENOTDIR', 'ELOOP'].includes(errorCode(error))) return false;
      throw error;
    }
  };
  return (model, file) => {
    const key = `${model.entry.id}//${file.path}`;
    const answer = answers.get(key) ?? look(model, file);
    answers.set(key, answer);
    return answer;
  };
}

/**
 * Takes in what was found of the models, file by file, and says of a model that it is complete when it is. The caller holds the lock of the
 * store. Throws ERR_DISK_FULL before the first byte, and what takeFile throws.
 */
export async function takeModels(
  matched: readonly MatchedModel[],
  options: TakeModelsOptions,
): Promise<readonly ImportedModel[]> {
  const { places, how, has, signal } = options;
  const root = storeRoot(places);
  const lacking = new Map<MatchedModel, ReadonlySet<KnownFile>>();
  for (const one of matched) {
    const absent = new Set<KnownFile>();
    for (const file of one.model.files) if (!(await has(one.model, file))) absent.add(file);
    lacking.set(one, absent);
  }
  const digestsToTake = new Map(
    [...lacking].flatMap(([{ candidates }, absent]) =>
      [...absent].flatMap((file) => (candidates.get(file)?.length ? [[file.sha256, file.bytes] as const] : [])),
    ),
  );
  const totalBytes = [...digestsToTake.values()].reduce((sum, bytes) => sum + bytes, 0);
  if (how === 'copy') requireRoom(root, totalBytes);

  let doneBytes = 0;
  const placed = new Map<string, string>();
  const done: ImportedModel[] = [];
  for (const [{ model, candidates, wrong: ofOtherSize }, absent] of lacking) {
    const imported: ImportedModel['imported'][number][] = [];
    const wrong: ImportedModel['wrong'][number][] = [];
    const missing: string[] = [];
    for (const file of absent) {
      stopIfAborted(signal);
      const onBytes = (bytes: number): void => {
        doneBytes += bytes;
        options.onProgress?.({ model: model.entry.id, path: file.path, doneBytes, totalBytes });
      };
      const taken = await takeFirst(candidates.get(file) ?? [], { ...options, root, model, file, onBytes, placed });
      const { path } = file;
      if (taken.by !== undefined) imported.push({ path, ...taken.by });
      // Another file that fitted by its size is no harm when the right one was found too.
      else if (taken.wrong.length > 0) wrong.push(...taken.wrong.map((from) => ({ path, from, why: WRONG_BYTES })));
      else {
        const other = ofOtherSize.find((one) => one.file === file)?.found;
        if (other === undefined) missing.push(path);
        else
          wrong.push({
            path,
            from: other.name,
            why: other.bytes === file.bytes ? WRONG_BYTES : otherSize(other, file),
          });
      }
    }
    const already = model.files.filter((file) => !absent.has(file)).map(({ path }) => path);
    const complete = already.length + imported.length === model.files.length;
    // Also when nothing came in: an import that was killed may have had only this left to do.
    if (complete && completeDir(model, { ...places, roots: { ...places.roots, models: [root] } }) !== undefined)
      await publishSnapshot({ root, model });
    done.push({ id: model.entry.id, imported, already, wrong, missing, complete });
  }
  return done;
}

const otherSize = (found: FoundFile, file: KnownFile): string =>
  `It has ${found.bytes} bytes; the registry says ${file.bytes}.`;
const WRONG_BYTES = 'It has the size but not the digest the registry knows.';

interface TakeFirstOptions extends Omit<TakeOptions, 'found'> {
  /** Where bytes that were taken in this call lie in the store, by sha256. */
  readonly placed: Map<string, string>;
}

interface Taken {
  readonly by?: { readonly from: string; readonly how: TakenHow };
  /** Names of candidates that had other bytes. */
  readonly wrong: readonly string[];
}

async function takeFirst(candidates: readonly FoundFile[], options: TakeFirstOptions): Promise<Taken> {
  const { root, model, file, placed } = options;
  const there = placed.get(file.sha256);
  const [first] = candidates;
  if (there !== undefined && first !== undefined) {
    await publishFile({ root, model, file, from: there, how: 'link' });
    return { by: { from: first.name, how: 'shared' }, wrong: [] };
  }
  const wrong: string[] = [];
  for (const found of candidates.filter(({ at }) => at !== '')) {
    const taken = await takeFile({ ...options, found });
    if (taken !== 'wrong') {
      placed.set(file.sha256, taken.path);
      return { by: { from: found.name, how: taken.how }, wrong };
    }
    wrong.push(found.name);
  }
  return { wrong };
}
