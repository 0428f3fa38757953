import { lstatSync, readlinkSync, type Stats, statSync } from 'node:fs';
import type { Digest } from '../../contract/ids.ts';
import type { ModelFile } from '../../contract/model.ts';
import type { FileState } from '../../contract/model-audit.ts';
import { errorCode } from '../../store/disk-failure.ts';
import type { FileDigests } from '../../store/file-digests.ts';
import { checkHeader } from './check-header.ts';
import { type Finding, figure, finding } from './file-finding.ts';
import type { StoreView } from './store-view.ts';

export interface LookAtFile {
  /** Absolute. */
  readonly path: string;
  readonly file: Pick<ModelFile, 'path' | 'bytes' | 'sha256'>;
  /** Where links may lead; null: anywhere. */
  readonly within: StoreView | null;
  /** It is most likely a link, as in a snapshot of a hub. */
  readonly isLink?: boolean;
  readonly digests: FileDigests | undefined;
  /** False for files of packages, whose formats are not looked at: size and digest of each are known. */
  readonly checkFormat: boolean;
  /** Path of each file of the model, by its sha256: files under each other's names are told so. */
  readonly siblings?: ReadonlyMap<string, string>;
}

export interface FileSeen {
  readonly state: FileState;
  /** As it lies there; null when there is nothing. */
  readonly foundBytes: number | null;
  readonly why?: string;
  /** Name of one tensor in it, where its header was read. */
  readonly tensor?: string;
}

/** How one file stands, without hashing it: name, link, size, what was hashed before, and its header. */
export function lookAtFile(look: LookAtFile): FileSeen {
  let foundBytes: number | null = null;
  try {
    const stat = statOf(look);
    if ('state' in stat) return { ...stat, foundBytes };
    foundBytes = stat.size;
    let tensor: string | undefined;
    const judged = judge(look, foundBytes, (name) => {
      tensor = name;
    });
    return { ...judged, foundBytes, ...(tensor === undefined ? {} : { tensor }) };
  } catch (error) {
    const code = errorCode(error);
    if (code === '') throw error;
    return { ...finding('unreadable', `It cannot be read (${code}).`), foundBytes };
  }
}

/** The file behind the name, or why there is none. */
function statOf({ path, within, isLink }: LookAtFile): Stats | Finding {
  const straight = isLink === true ? within?.straight(path) : undefined;
  if (straight !== undefined) return straight;
  const named = lstatSync(path, { throwIfNoEntry: false });
  if (named === undefined) return finding('missing', 'It is not there.');
  const behind = named.isSymbolicLink() ? statSync(path, { throwIfNoEntry: false }) : named;
  if (behind === undefined) return finding('dangling-link', `It is a link to nothing: ${readlinkSync(path)}.`);
  // A folder on the way may be a link, too.
  const outside = within?.outside(path) ?? null;
  if (outside !== null) return finding('dangling-link', `A link leads out of the store: ${outside}.`);
  return regular(behind);
}

const regular = (stat: Stats): Stats | Finding =>
  stat.isFile()
    ? stat
    : finding('missing', `There is ${stat.isDirectory() ? 'a folder' : 'no regular file'} of that name.`);

function judge(
  { path, file, digests, checkFormat, siblings }: LookAtFile,
  size: number,
  noteTensor: (name: string) => void,
): Finding | { readonly state: FileState } {
  const { bytes } = file;
  if (bytes !== undefined && size !== bytes) return sizeFinding(path, size, bytes);
  if (bytes === undefined && size === 0) return finding('truncated', 'It is empty.');
  const known = file.sha256 === undefined ? undefined : digests?.known(path);
  if (known !== undefined && file.sha256 !== undefined) return compareDigest(known, file.sha256, siblings);
  if (!checkFormat) return { state: 'unverified' };
  const found = checkHeader(path, { name: file.path, size }, noteTensor);
  if (found === null) return { state: 'unverified' };
  // The length is right, so that it is the content that cannot be.
  const wrongInside = bytes !== undefined && (found.state === 'truncated' || found.state === 'oversize');
  return wrongInside ? finding('corrupt', found.why) : found;
}

/** `ok`, or how the digest differs. */
export function compareDigest(
  found: Digest,
  sha256: string,
  siblings: ReadonlyMap<string, string> = new Map(),
): Finding | { readonly state: FileState } {
  if (found === `sha256:${sha256}`) return { state: 'ok' };
  const other = siblings.get(found.slice('sha256:'.length));
  if (other !== undefined) return finding('corrupt', `It has the content of ${other}: swapped files.`);
  return finding('corrupt', `Its digest is ${found.slice(0, 19)}…; the registry has sha256:${sha256.slice(0, 12)}…`);
}

function sizeFinding(path: string, size: number, bytes: number): Finding {
  const instead = size === 0 ? null : checkHeader(path, { name: '', size });
  if (instead !== null) return instead;
  const why =
    size === 0
      ? `It is empty; ${figure(bytes)} bytes are right.`
      : `It has ${figure(size)} bytes; ${figure(bytes)} are right.`;
  return finding(size < bytes ? 'truncated' : 'oversize', why);
}
