import type { Duplicate } from '../../contract/model-audit.ts';
import { errorCode } from '../../store/disk-failure.ts';
import type { FileDigests } from '../../store/file-digests.ts';
import { sha256Hex } from '../../util/digest.ts';
import { withPieces } from './read-piece.ts';
import type { Found } from './walk-folder.ts';

/** Smaller files are compared only where both were hashed. */
const PIECE_BYTES = 1 << 20;
/** To be rid of a second file of less than this saves nobody anything. */
const SMALLEST_BYTES = 64 << 10;
/** What tells most files apart. */
const FIRST_BYTES = 4096;

/** Says what was compared, since nothing was hashed. */
export const SAME_SIZE = 'same size, same first and last MiB; not hashed';

/**
 * Files that take room twice: of one digest where digests are remembered; else of one size and alike at both ends, which is no proof. Names of
 * one inode are one file.
 */
export function findDuplicates(files: readonly Found[], digests: FileDigests | undefined): readonly Duplicate[] {
  const byInode = new Map<string, Found>();
  for (const file of files) if (!byInode.has(file.inode) || !file.isLink) byInode.set(file.inode, file);
  const alike = groupBy(
    [...byInode.values()].filter(({ bytes }) => bytes >= SMALLEST_BYTES),
    ({ bytes }) => String(bytes),
  );
  return alike.flatMap(([, same]) => (same.length < 2 ? [] : sameContent(same, digests)));
}

function sameContent(files: readonly Found[], digests: FileDigests | undefined): readonly Duplicate[] {
  const known = new Map(
    files.flatMap((file): readonly (readonly [Found, string])[] => {
      const digest = orNothing(() => digests?.known(file.path));
      return digest === undefined ? [] : [[file, digest]];
    }),
  );
  const proven = groupBy([...known.keys()], (file) => known.get(file) ?? '');
  // One that was hashed stands for all of its digest.
  const rest = [...files.filter((file) => !known.has(file)), ...proven.flatMap(([, same]) => same.slice(0, 1))];
  const large = rest.filter(({ bytes }) => bytes >= PIECE_BYTES);
  const starts = groupBy(large, (file) => piece(file, 0, FIRST_BYTES));
  const ends = starts.flatMap(([, same]) =>
    same.length < 2
      ? []
      : groupBy(same, (file) => `${piece(file, 0, PIECE_BYTES)} ${piece(file, file.bytes - PIECE_BYTES, PIECE_BYTES)}`),
  );
  return [
    ...proven.filter(([, same]) => same.length > 1).map(([digest, same]) => duplicate(digest, same)),
    // Two that were both hashed have different digests, however alike they look.
    ...ends.flatMap(([, same]) =>
      same.length > 1 && same.some((file) => !known.has(file)) ? [duplicate(SAME_SIZE, same)] : [],
    ),
  ];
}

const duplicate = (digest: string, files: readonly Found[]): Duplicate => ({
  digest,
  bytes: files[0]?.bytes ?? 0,
  paths: files.map(({ path }) => path),
});

const piece = ({ path, bytes }: Found, from: number, length: number): string =>
  orNothing(() => sha256Hex(withPieces(path, bytes, ({ at }) => at(from, length)))) ?? path;

/** A file that cannot be read, or that is gone by now, is like no other. */
function orNothing<T>(read: () => T | undefined): T | undefined {
  try {
    return read();
  } catch (error) {
    if (errorCode(error) === '') throw error;
    return undefined;
  }
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): readonly (readonly [string, readonly T[]])[] {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return [...groups];
}
